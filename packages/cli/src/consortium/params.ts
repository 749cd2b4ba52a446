import { CliError } from '../error.ts';

type Params = Readonly<Record<string, unknown>>;

/** @throws CliError USAGE */
export function text(params: Params, name: string): string {
  const value = params[name];
  if (typeof value !== 'string') throw new CliError('USAGE', `${name} is missing`);
  return value;
}

/** @throws CliError USAGE */
export function optionalText(params: Params, name: string): string | undefined {
  return params[name] === undefined ? undefined : text(params, name);
}

/** @throws CliError USAGE */
export function number(params: Params, name: string): number {
  const value = params[name];
  if (!Number.isSafeInteger(value)) throw new CliError('USAGE', `${name} is missing`);
  return value as number;
}

/** @throws CliError USAGE */
export function optionalRow(params: Params, name: string): { namespace: string; key: string } | undefined {
  const value = params[name];
  if (value === undefined) return undefined;
  const row = value as Params;
  return { namespace: text(row, 'namespace'), key: text(row, 'key') };
}

/** @throws CliError USAGE */
export function optionalString(params: Params, name: string): string | undefined {
  return params[name] === undefined ? undefined : text(params, name);
}

/** @throws CliError USAGE */
export function optionalTexts(params: Params, name: string): readonly string[] | undefined {
  const value = params[name];
  if (value === undefined) return undefined;
  if (Array.isArray(value) && value.every((item) => typeof item === 'string')) return value;
  throw new CliError('USAGE', `${name} is no list of names`);
}
