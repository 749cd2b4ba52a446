import { JournalFile } from '../journal-file.ts';

/** What an import has finished, one JSON line a unit. */
export interface JournalLine {
  readonly key: string;
  readonly label: string;
  readonly resources: number;
  readonly created: number;
  readonly matched: number;
}

export class ImportJournal {
  readonly #done = new Map<string, JournalLine>();
  readonly #file: JournalFile<JournalLine>;

  constructor(path: string) {
    this.#file = new JournalFile(path, (line) => this.#done.set(line.key, line));
  }

  find(key: string): JournalLine | undefined {
    return this.#done.get(key);
  }

  /** Durable on return, before the next unit is sent. */
  add(line: JournalLine): void {
    this.#file.append(line);
    this.#file.sync();
    this.#done.set(line.key, line);
  }

  close(): void {
    this.#file.close();
  }
}
