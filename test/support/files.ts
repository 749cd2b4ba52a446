import { globSync, statSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join, sep } from 'node:path';

/** Every file of an organisation: its server's directory, and the stores of its peer and orderer. */
export function filesOf(data: string, organisation: string): string[] {
  const isTheirs = (path: string): boolean =>
    path.split(sep).some((part) => part === organisation || part.endsWith(`.${organisation}`));
  return globSync('**', { cwd: data })
    .filter(isTheirs)
    .map((path) => join(data, path))
    .filter((path) => statSync(path).isFile());
}

/** Which of these letters stand in the files, as text, as UTF-16, or within base64 at any of its three positions. */
export async function foundIn(files: readonly string[], letters: readonly string[]): Promise<string[]> {
  if (files.length === 0) throw new Error('There are no files to look into');
  const found = new Set<string>();
  const wanted = letters.map((text) => ({ text, forms: formsOf(text) }));
  for (const file of files) {
    const bytes = await readFile(file);
    for (const { text, forms } of wanted) if (forms.some((form) => bytes.includes(form))) found.add(text);
  }
  return [...found].sort();
}

function formsOf(text: string): Buffer[] {
  const encoded = [0, 1, 2].map((shift) => {
    const base64 = Buffer.from(' '.repeat(shift) + text, 'latin1').toString('base64');
    return Buffer.from(base64.slice(shift === 0 ? 0 : 4, -4));
  });
  return [Buffer.from(text, 'utf8'), Buffer.from(text, 'utf16le'), ...encoded];
}
