import type { ParseArgsConfig } from 'node:util';
import type { Output } from './output.ts';

type OptionTable = NonNullable<ParseArgsConfig['options']>;
export type OptionValues = Readonly<
  Record<string, string | boolean | readonly (string | boolean)[] | undefined>
>;

export interface CommandContext {
  readonly options: OptionValues;
  readonly positionals: readonly string[];
  readonly output: Output;
  /** The data directory, absolute. */
  readonly data: string;
}

/** One row of the command table of main.ts. */
export interface Command {
  readonly summary: string;
  /** What follows `healthchain <name>`. */
  readonly usage: string;
  readonly options: OptionTable;
  run(context: CommandContext): Promise<void>;
}
