import { CoreError } from './error.ts';
import { isRawNumber, type ExactJson } from './json.ts';

/**
 * RFC 8785 (JSON Canonicalization Scheme) with one difference: a number that `parseExact` kept as written stays as written, so
 * that `1.00` and `1` have different canonical forms (health.md section 5). `undefined` members are left out.
 *
 * @throws CoreError NOT_CANONICAL for a lone surrogate, a number that JSON cannot express, or a value that is not JSON
 */
export function canonical(value: unknown): string {
  if (value === null || typeof value === 'boolean') return String(value);
  if (typeof value === 'string') return canonicalString(value);
  if (typeof value === 'number') return canonicalNumber(value);
  if (typeof value !== 'object') throw new CoreError('NOT_CANONICAL', `${typeof value} is not JSON`);
  if (Array.isArray(value)) return `[${value.map((member) => canonical(member)).join(',')}]`;
  if (isRawNumber(value)) return value.rawJSON;
  return canonicalObject(value as Record<string, ExactJson>);
}

function canonicalObject(value: Record<string, ExactJson>): string {
  // Default sort order is by UTF-16 code units, as RFC 8785 section 3.2.3 asks.
  const names = Object.keys(value).sort();
  let text = '';
  for (const name of names) {
    const member = value[name];
    if (member === undefined) continue;
    text += `${text === '' ? '' : ','}${canonicalString(name)}:${canonical(member)}`;
  }
  return `{${text}}`;
}

function canonicalString(text: string): string {
  if (!text.isWellFormed()) throw new CoreError('NOT_CANONICAL', 'A string holds a lone surrogate');
  return JSON.stringify(text);
}

function canonicalNumber(value: number): string {
  if (!Number.isFinite(value)) throw new CoreError('NOT_CANONICAL', `${value} is not JSON`);
  return JSON.stringify(value);
}
