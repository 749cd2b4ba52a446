import { readFileSync } from 'node:fs';

const INTERVAL_MS = 200;

export interface Memory {
  /** Largest resident set of the process: clients, engine and its threads. */
  readonly memoryMb: number;
  /** Largest part of it that were pages of files (LevelDB maps its tables): the system takes them back when it needs them. Linux only. */
  readonly filePagesMb: number | undefined;
}

/** Watches the process until it is asked. */
export function watchMemory(): () => Memory {
  let filePagesKb: number | undefined;
  const look = () => {
    const now = filePages();
    if (now !== undefined) filePagesKb = Math.max(filePagesKb ?? 0, now);
  };
  const timer = setInterval(look, INTERVAL_MS).unref();
  return () => {
    clearInterval(timer);
    look();
    return {
      memoryMb: Math.round(process.resourceUsage().maxRSS / 1024),
      filePagesMb: filePagesKb === undefined ? undefined : Math.round(filePagesKb / 1024),
    };
  };
}

/** In KB; undefined where the system does not say. */
function filePages(): number | undefined {
  try {
    const found = /^RssFile:\s+(\d+) kB$/m.exec(readFileSync('/proc/self/status', 'utf8'));
    return found === null ? undefined : Number(found[1]);
  } catch {
    return undefined;
  }
}
