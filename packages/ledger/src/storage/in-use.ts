import { join } from 'node:path';
import type { FileStore } from './files.ts';

/** Lies in a folder from before its stores are opened until after they are closed. */
const IN_USE = 'in-use';

export interface Claim {
  /** The stores of this folder were not closed: what was not synced may be torn or missing. */
  readonly wasInterrupted: boolean;
  release(): Promise<void>;
}

/** Whether the stores of a folder are open, or were not closed. */
export async function isInUse(files: FileStore, directory: string): Promise<boolean> {
  return (await files.list(directory)).includes(IN_USE);
}

/** Marks a folder as in use; the mark is durable on return, and gone once `release` has returned. */
export async function claim(files: FileStore, directory: string): Promise<Claim> {
  await files.makeDirectory(directory);
  const wasInterrupted = await isInUse(files, directory);
  const path = join(directory, IN_USE);
  await (await files.open(path)).close();
  return { wasInterrupted, release: () => files.remove(path) };
}
