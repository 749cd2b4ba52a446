import { JournalFile } from '../journal-file.ts';

type Line = { readonly done: string } | { readonly key: string; readonly path: string };

/** What of the cast exists: which steps were played, and under which path each key was created. Survives an interrupted start. */
export class Memory {
  readonly #paths = new Map<string, string>();
  readonly #done = new Set<string>();
  readonly #file: JournalFile<Line>;

  constructor(path: string) {
    this.#file = new JournalFile<Line>(path, (line) => {
      if ('done' in line) this.#done.add(line.done);
      else this.#paths.set(line.key, line.path);
    });
  }

  isDone(step: string): boolean {
    return this.#done.has(step);
  }

  done(step: string): void {
    this.#done.add(step);
    this.#file.append({ done: step });
    this.#file.sync();
  }

  /** `location` is what the server answered: `Type/id` or `Type/id/_history/version`, absolute or not. */
  created(key: string, location: string): void {
    const path = /([A-Z][A-Za-z]+\/[^/]+)(?:\/_history\/[^/]+)?$/.exec(location)?.[1];
    if (path === undefined) throw new Error(`Not a location: ${location}`);
    this.#paths.set(key, path);
    this.#file.append({ key, path });
  }

  /** `Type/id` */
  path(key: string): string {
    const path = this.#paths.get(key);
    if (path === undefined) throw new Error(`The cast has no ${key} yet`);
    return path;
  }

  id(key: string): string {
    return this.path(key).split('/')[1] as string;
  }

  close(): void {
    this.#file.close();
  }
}
