/** Where a command writes: data to standard output, progress and errors to standard error. */
export interface Output {
  /** Data: one JSON document under `--json`, otherwise the lines. */
  print(data: unknown, lines: () => readonly string[]): void;
  /** One line of progress; replaced in place on a terminal, silent under `--json`. */
  progress(line: string): void;
  /** A line for people, silent under `--json`. */
  note(line: string): void;
}

export function createOutput(json: boolean): Output {
  const terminal = process.stderr.isTTY;
  let pending = false;
  const endProgress = (): void => {
    if (pending) process.stderr.write('\n');
    pending = false;
  };
  return {
    print(data, lines) {
      endProgress();
      process.stdout.write(json ? `${JSON.stringify(data, bigintAsNumber)}\n` : `${lines().join('\n')}\n`);
    },
    progress(line) {
      if (json) return;
      process.stderr.write(terminal ? `\r\u001b[K${line}` : `${line}\n`);
      pending = terminal;
    },
    note(line) {
      if (json) return;
      endProgress();
      process.stderr.write(`${line}\n`);
    },
  };
}

/** Columns padded to their widest cell. */
export function table(rows: readonly (readonly string[])[]): string[] {
  const widths: number[] = [];
  for (const row of rows) row.forEach((cell, i) => (widths[i] = Math.max(widths[i] ?? 0, cell.length)));
  return rows.map((row) =>
    row
      .map((cell, i) => cell.padEnd(widths[i] as number))
      .join('  ')
      .trimEnd(),
  );
}

function bigintAsNumber(_name: string, value: unknown): unknown {
  return typeof value === 'bigint' ? Number(value) : value;
}
