import { closeSync, existsSync, fsyncSync, mkdirSync, openSync, readFileSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';

/** A file of JSON lines that only grows. A torn last line, of a process that was killed, is ignored and closed. */
export class JournalFile<Line> {
  readonly #descriptor: number;

  /** `recall` gets every whole line that is there. */
  constructor(path: string, recall: (line: Line) => void) {
    mkdirSync(dirname(path), { recursive: true });
    const text = existsSync(path) ? readFileSync(path, 'utf8') : '';
    for (const line of text.split('\n')) {
      const parsed = parseLine(line);
      if (parsed !== undefined) recall(parsed as Line);
    }
    this.#descriptor = openSync(path, 'a', 0o600);
    if (text !== '' && !text.endsWith('\n')) writeSync(this.#descriptor, '\n');
  }

  append(line: Line): void {
    writeSync(this.#descriptor, `${JSON.stringify(line)}\n`);
  }

  /** What was appended before is durable on return. */
  sync(): void {
    fsyncSync(this.#descriptor);
  }

  close(): void {
    closeSync(this.#descriptor);
  }
}

function parseLine(text: string): unknown {
  if (text === '') return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
