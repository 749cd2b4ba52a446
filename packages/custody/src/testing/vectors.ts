import { existsSync, readFileSync } from 'node:fs';

const FOLDER = new URL('../../../../../shared/data/vectors/', import.meta.url);

/** A public vector file beside the repository; undefined, after one line that says so, where it is not present. */
export function publicVectors(name: string): unknown {
  const file = new URL(name, FOLDER);
  if (existsSync(file)) return JSON.parse(readFileSync(file, 'utf8'));
  console.info(`skipped: ${name} is not present beside the repository`);
  return undefined;
}
