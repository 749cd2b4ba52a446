import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { CodedError } from '@healthchain/core';
import { COMMANDS } from './commands/index.ts';
import type { Command } from './command.ts';
import { CliError } from './error.ts';
import { createOutput, table } from './output.ts';

const COMMON_OPTIONS = {
  data: { type: 'string', default: process.env['HEALTHCHAIN_DATA'] ?? 'data' },
  json: { type: 'boolean', default: false },
  help: { type: 'boolean', short: 'h', default: false },
} as const;

/** Runs one command; resolves with the exit code. */
export async function main(args: readonly string[]): Promise<number> {
  const [name, ...rest] = args;
  if (name === undefined || name === '--help' || name === '-h' || name === 'help') return printOverview();
  const command = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
  if (command === undefined) {
    return fail(
      new CliError('USAGE', `There is no command ${name}`, {
        details: { hint: 'healthchain --help lists them' },
      }),
    );
  }
  try {
    await run(name, command, rest);
    return 0;
  } catch (error) {
    return fail(error, `healthchain ${name} ${command.usage}`);
  }
}

async function run(name: string, command: Command, args: readonly string[]): Promise<void> {
  const { values, positionals } = parse(command, args);
  if (values['help'] === true) {
    console.log(`healthchain ${name} ${command.usage}\n\n${command.summary}`);
    return;
  }
  const output = createOutput(values['json'] === true);
  await command.run({ options: values, positionals, output, data: resolve(String(values['data'])) });
}

function parse(command: Command, args: readonly string[]): ReturnType<typeof parseArgs> {
  try {
    return parseArgs({
      args: [...args],
      options: { ...COMMON_OPTIONS, ...command.options },
      allowPositionals: true,
    });
  } catch (cause) {
    throw new CliError('USAGE', cause instanceof Error ? cause.message : 'The arguments are not understood', {
      cause,
    });
  }
}

/** Usage errors exit with 2, everything else with 1. */
function fail(error: unknown, usage?: string): number {
  if (!(error instanceof CodedError)) {
    console.error(error);
    return 1;
  }
  console.error(`${error.code}: ${error.message}`);
  for (const cause of causesOf(error)) console.error(`  because: ${cause}`);
  const hint = error.details['hint'];
  if (typeof hint === 'string') console.error(hint);
  if (error.code === 'USAGE' && usage !== undefined) console.error(`Usage: ${usage}`);
  return error.code === 'USAGE' ? 2 : 1;
}

function causesOf(error: Error): string[] {
  const { cause } = error;
  return cause instanceof Error ? [cause.message, ...causesOf(cause)] : [];
}

function printOverview(): number {
  console.log('healthchain: one shared, tamper-evident health record that the patient controls\n');
  const rows = Object.entries(COMMANDS).map(([name, command]) => [`  ${name}`, command.summary]);
  console.log(table(rows).join('\n'));
  console.log('\nEvery command takes --data DIR (default ./data), --json where it prints data, and --help.');
  return 0;
}
