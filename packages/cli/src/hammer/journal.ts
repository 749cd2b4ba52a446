import { closeSync, openSync, writeSync } from 'node:fs';

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
 * after a failure.
 */
export class HammerJournal {
  readonly lines: HammerLine[] = [];
  readonly #descriptor: number;

  constructor(path: string) {
    this.#descriptor = openSync(path, 'w', 0o600);
  }

  add(line: HammerLine): void {
    this.lines.push(line);
    writeSync(this.#descriptor, `${JSON.stringify(line)}\n`);
  }

  close(): void {
    closeSync(this.#descriptor);
  }
}
