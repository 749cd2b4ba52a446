import { closeSync, existsSync, fsyncSync, mkdirSync, openSync, readFileSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';

/** What an import has finished, one JSON line a unit; a line is durable before the next unit is sent. */
export interface JournalLine {
  readonly key: string;
  readonly label: string;
  readonly resources: number;
  readonly created: number;
  readonly matched: number;
}

export class ImportJournal {
  readonly #done: Map<string, JournalLine>;
  readonly #descriptor: number;

  constructor(path: string) {
    mkdirSync(dirname(path), { recursive: true });
    this.#done = new Map(readLines(path).map((line) => [line.key, line]));
    this.#descriptor = openSync(path, 'a', 0o600);
  }

  find(key: string): JournalLine | undefined {
    return this.#done.get(key);
  }

  add(line: JournalLine): void {
    writeSync(this.#descriptor, `${JSON.stringify(line)}\n`);
    fsyncSync(this.#descriptor);
    this.#done.set(line.key, line);
  }

  close(): void {
    closeSync(this.#descriptor);
  }
}

/** A torn last line was not acknowledged: it is ignored. */
function readLines(path: string): JournalLine[] {
  if (!existsSync(path)) return [];
  return readFileSync(path, 'utf8')
    .split('\n')
    .flatMap((line) => {
      try {
        return [JSON.parse(line) as JournalLine];
      } catch {
        return [];
      }
    });
}
