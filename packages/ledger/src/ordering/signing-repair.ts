import { isInUse, type FileStore } from '../storage/index.ts';
import { nextWholeFrame, readFrame } from '../storage/frames.ts';
import { decodeRecords } from './records.ts';
import { isTornWrite, recordFrame, signingFiles, signingPath } from './signing-log.ts';

export interface SigningRepair {
  readonly findings: readonly { readonly file: string; readonly offset: number; readonly problem: string }[];
  /** The height from which on the authority takes part again; undefined when nothing was damaged. */
  readonly silentBelow: number | undefined;
}

/**
 * Replaces a damaged signing log: what an authority has signed, nobody else can tell it, so it says nothing at any height that it may
 * have signed at. `known`: the number of blocks that any node has, at least.
 */
export async function repairSigningLog(
  files: FileStore,
  directory: string,
  known: number,
): Promise<SigningRepair> {
  const mayBeTorn = await isInUse(files, directory);
  const numbers = await signingFiles(files, directory);
  const findings: SigningRepair['findings'][number][] = [];
  let height = known;
  for (const number of numbers) {
    const path = signingPath(directory, number);
    const file = await files.openLog(path);
    const bytes = await file.read(0, file.size);
    await file.close();
    const isLast = number === numbers.at(-1);
    for (let offset = 0; offset < bytes.length;) {
      const frame = readFrame(bytes, offset);
      if (frame.kind === 'whole') {
        height = Math.max(height, ...decodeRecords(frame.payload).map((record) => record.height));
        offset = frame.end;
        continue;
      }
      if (mayBeTorn && isLast && isTornWrite(bytes, offset)) break;
      findings.push({ file: path, offset, problem: 'what this authority has signed is damaged' });
      offset = nextWholeFrame(bytes, offset) ?? bytes.length;
    }
  }
  if (findings.length === 0) return { findings, silentBelow: undefined };
  const silentBelow = height + 1;
  await replaceFiles(files, directory, numbers, silentBelow);
  return { findings, silentBelow };
}

/** The authority is silent on the disk before what it had signed is dropped. */
async function replaceFiles(
  files: FileStore,
  directory: string,
  numbers: readonly number[],
  silentBelow: number,
): Promise<void> {
  const file = await files.openLog(signingPath(directory, Math.max(...numbers) + 1));
  try {
    await file.append(recordFrame([{ kind: 'silentBelow', height: silentBelow }]));
    await file.sync();
  } finally {
    await file.close();
  }
  for (const number of numbers) await files.remove(signingPath(directory, number));
}
