import { rmSync } from 'node:fs';
import { JournalFile } from '../journal-file.ts';

/** A version that the server acknowledged, or the intention to write a group of resources in one transaction. */
export type HammerLine =
  | {
      readonly kind: 'acknowledged';
      readonly client: number;
      readonly path: string;
      readonly version: number;
      readonly hash: string;
    }
  | { readonly kind: 'group-sent'; readonly client: number; readonly group: string; readonly size: number }
  | { readonly kind: 'group-acknowledged'; readonly client: number; readonly group: string };

/**
 * The hammer's own memory, in its own process and file: what it was told is durable. Kept in memory too; the file is for reading
 * after a failure, and begins empty with every run.
 */
export class HammerJournal {
  readonly lines: HammerLine[] = [];
  readonly #file: JournalFile<HammerLine>;

  constructor(path: string) {
    rmSync(path, { force: true });
    this.#file = new JournalFile(path, () => {});
  }

  add(line: HammerLine): void {
    this.lines.push(line);
    this.#file.append(line);
  }

  close(): void {
    this.#file.close();
  }
}
