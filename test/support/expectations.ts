import { readFileSync } from 'node:fs';

export type ExpectedRow = Readonly<Record<string, string>>;

/** The rows of a table in test/expectations: comma-separated, `#` begins a comment line, the first line names the columns. */
export function readExpectations(name: string): readonly ExpectedRow[] {
  const lines = readFileSync(new URL(`../expectations/${name}`, import.meta.url), 'utf8')
    .split('\n')
    .filter((line) => line.trim() !== '' && !line.startsWith('#'))
    .map((line) => line.split(','));
  const [columns = [], ...rows] = lines;
  return rows.map((cells) => {
    if (cells.length !== columns.length)
      throw new Error(`${name}: ${cells.join()} has ${cells.length} cells`);
    return Object.fromEntries(columns.map((column, i) => [column, cells[i] as string]));
  });
}
