import { readFileSync } from 'node:fs';

/** The rows of a table of expectations beside this file: comma-separated, `#` begins a comment line, the first line names the columns. */
export function readExpectations(file: string): readonly Readonly<Record<string, string>>[] {
  const lines = readFileSync(new URL(file, import.meta.url), 'utf8')
    .split('\n')
    .filter((line) => line.trim() !== '' && !line.startsWith('#'))
    .map((line) => line.split(',').map((cell) => cell.trim()));
  const [columns = [], ...rows] = lines;
  return rows.map((cells, i) => {
    if (cells.length !== columns.length) throw new Error(`${file}: row ${i + 1} has ${cells.length} cells`);
    return Object.fromEntries(columns.map((column, j) => [column, cells[j] as string]));
  });
}
