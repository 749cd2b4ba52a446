const UNITS: Readonly<Record<string, number>> = {
  ns: 1e-6,
  us: 1e-3,
  µs: 1e-3,
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
};
const PART = /(\d+(?:\.\d*)?|\.\d+)(ns|us|µs|ms|s|m|h)/y;

/** Milliseconds of a Go duration like '200ms' or '1m0.5s'; undefined when it is none, or negative. */
export function parseDuration(text: string): number | undefined {
  if (text === '0') return 0;
  const pattern = new RegExp(PART.source, PART.flags);
  let total = 0;
  do {
    const match = pattern.exec(text);
    if (match === null) return undefined;
    total += Number(match[1]) * (UNITS[match[2] as string] as number);
  } while (pattern.lastIndex < text.length);
  return total;
}

/** As Go's Duration.String writes whole milliseconds. */
export function formatDuration(milliseconds: number): string {
  if (milliseconds < 1000) return milliseconds === 0 ? '0s' : `${milliseconds}ms`;
  const hours = Math.floor(milliseconds / 3_600_000);
  const minutes = Math.floor(milliseconds / 60_000) % 60;
  const seconds = `${(milliseconds % 60_000) / 1000}s`;
  if (hours > 0) return `${hours}h${minutes}m${seconds}`;
  return minutes > 0 ? `${minutes}m${seconds}` : seconds;
}
