import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { FabricError } from './errors.ts';
import { inherited } from './processes.ts';

const run = promisify(execFile);
const COMMAND_LIMIT_MS = 60_000;
const SHOWN_OUTPUT = 2_000;

/** Runs one of Fabric's commands to its end and returns what it printed. @throws FabricError FABRIC_COMMAND with its last output */
export async function command(
  program: string,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<string> {
  try {
    const { stdout } = await run(program, args, {
      env: { ...inherited(), ...env },
      timeout: COMMAND_LIMIT_MS,
      maxBuffer: 64 * 1024 * 1024,
    });
    return stdout;
  } catch (cause) {
    const { stdout = '', stderr = '' } = cause as { stdout?: string; stderr?: string };
    const output = `${stdout}${stderr}`.trim().slice(-SHOWN_OUTPUT);
    throw new FabricError('FABRIC_COMMAND', `${program} ${args.slice(0, 3).join(' ')}: ${output}`, { cause });
  }
}

/** `{ channelID: 'care' }` as `--channelID care`. */
export function flags(options: Readonly<Record<string, string>>): string[] {
  return Object.entries(options).flatMap(([name, value]) => [`--${name}`, value]);
}
