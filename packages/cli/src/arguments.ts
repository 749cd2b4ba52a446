import { CliError } from './error.ts';
import type { CommandContext, OptionValues } from './command.ts';

export function optionalText(options: OptionValues, name: string): string | undefined {
  const value = options[name];
  return typeof value === 'string' ? value : undefined;
}

/** @throws CliError USAGE naming the option */
export function requiredText(options: OptionValues, name: string): string {
  const value = optionalText(options, name);
  if (value === undefined) throw new CliError('USAGE', `--${name} is missing`);
  return value;
}

/** @throws CliError USAGE naming the option and its range */
export function wholeNumber(
  options: OptionValues,
  name: string,
  range: { readonly default: number; readonly min: number; readonly max: number },
): number {
  const text = optionalText(options, name);
  if (text === undefined) return range.default;
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < range.min || value > range.max) {
    throw new CliError(
      'USAGE',
      `--${name} must be a whole number from ${range.min} to ${range.max}, not ${text}`,
    );
  }
  return value;
}

/** @throws CliError USAGE */
export function onePositional(context: CommandContext, what: string): string {
  const [value, ...rest] = context.positionals;
  if (value === undefined || rest.length > 0) throw new CliError('USAGE', `Give exactly one ${what}`);
  return value;
}
