import { CoreError } from './error.ts';

declare global {
  interface JSON {
    rawJSON(text: string): RawNumber;
    isRawJSON(value: unknown): value is RawNumber;
  }
}

/** A number kept as it was written, because writing it again would change it (`1.00`, `1e3`). */
export interface RawNumber {
  readonly rawJSON: string;
}
export type ExactJson =
  | null
  | boolean
  | number
  | string
  | RawNumber
  | ExactJson[]
  | { [name: string]: ExactJson };
export type PlainJson = null | boolean | number | string | PlainJson[] | { [name: string]: PlainJson };

/** Deepest nesting accepted; FHIR resources of real systems stay below 30. */
export const MAX_JSON_DEPTH = 100;

/**
 * Parses JSON and keeps every number as written: `JSON.stringify` of the result writes the same digits.
 *
 * @throws CoreError BAD_JSON (message names the position where the engine gives one), TOO_DEEP
 */
export function parseExact(text: string): ExactJson {
  const parsed = parse(text);
  assertDepth(parsed, MAX_JSON_DEPTH);
  return parsed;
}

function parse(text: string): ExactJson {
  try {
    const plain = JSON.parse(text) as ExactJson;
    // Written back alike, it holds no number to keep as written; a reviver takes five times as long.
    return JSON.stringify(plain) === text ? plain : (JSON.parse(text, keepNumber) as ExactJson);
  } catch (cause) {
    throw new CoreError('BAD_JSON', cause instanceof Error ? cause.message : 'Not JSON', { cause });
  }
}

/** The same value with plain numbers, for logic that computes; what is stored comes from the exact value. */
export function toPlain(value: ExactJson): PlainJson {
  if (value === null || typeof value !== 'object') return value;
  if (Array.isArray(value)) return value.map(toPlain);
  if (isRawNumber(value)) return Number(value.rawJSON);
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, toPlain(member)]));
}

export function isRawNumber(value: unknown): value is RawNumber {
  return JSON.isRawJSON(value);
}

function keepNumber(_key: string, value: unknown, context?: { readonly source?: string }): unknown {
  if (typeof value !== 'number' || context?.source === undefined) return value;
  return context.source === String(value) ? value : JSON.rawJSON(context.source);
}

function assertDepth(value: ExactJson, left: number): void {
  if (value === null || typeof value !== 'object' || isRawNumber(value)) return;
  if (left === 0) throw new CoreError('TOO_DEEP', `JSON nested deeper than ${MAX_JSON_DEPTH}`);
  for (const member of Object.values(value)) assertDepth(member, left - 1);
}
