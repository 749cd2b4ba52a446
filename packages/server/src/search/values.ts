import { dateInterval, type Interval, numberInterval } from '../fhir/intervals.ts';
import { localReference } from '../fhir/references.ts';
import type { ParameterDefinition, ParameterKind } from './definitions.ts';
import { SearchError } from './errors.ts';
import { normalTarget } from './extract.ts';
import { fold } from './fold.ts';

const PREFIXES = ['eq', 'ne', 'gt', 'lt', 'ge', 'le', 'sa', 'eb', 'ap'] as const;
export type Prefix = (typeof PREFIXES)[number];

/** One alternative of a parameter's value. Absent `system`: any; '' : none. */
export type Value =
  | { readonly kind: 'token'; readonly system?: string; readonly code?: string }
  | { readonly kind: 'string'; readonly text: string; readonly folded: string }
  | ({ readonly kind: 'date'; readonly prefix: Prefix } & Interval)
  | ({
      readonly kind: 'number';
      readonly prefix: Prefix;
      readonly value: number;
      readonly unit?: Unit;
    } & Interval)
  | { readonly kind: 'reference'; readonly targets: readonly string[] }
  | { readonly kind: 'uri'; readonly text: string }
  | { readonly kind: 'composite'; readonly first: Value; readonly second: Value };

interface Unit {
  readonly system?: string;
  readonly code: string;
}

/** Alternatives that one parameter may list. */
const MAX_VALUES = 1_000;

/** Splits at unescaped separators; escapes stay for the parts. */
function split(text: string, separator: ',' | '|' | '$'): readonly string[] {
  const parts = [''];
  for (let at = 0; at < text.length; at++) {
    const character = text.charAt(at);
    if (character === '\\') parts[parts.length - 1] += character + text.charAt(++at);
    else if (character === separator) parts.push('');
    else parts[parts.length - 1] += character;
  }
  return parts;
}

const unescape = (text: string): string => text.replace(/\\([\\,|$])/g, '$1');

export interface ValueContext {
  readonly definition: Pick<ParameterDefinition, 'code' | 'targets' | 'components'>;
  /** The type that a modifier names for an untyped reference. */
  readonly targetType?: string;
  readonly bases: readonly string[];
}

/** @throws SearchError BAD_VALUE */
export function parseValues(kind: ParameterKind, text: string, context: ValueContext): readonly Value[] {
  const parts = split(text, ',');
  if (parts.length > MAX_VALUES) throw bad(context, `lists more than ${MAX_VALUES} values`);
  return parts.map((part) => PARSE[kind](part, context));
}

const PARSE: Readonly<Record<ParameterKind, (text: string, context: ValueContext) => Value>> = {
  token: parseToken,
  string: (text, context) => {
    if (text === '') throw bad(context, 'is empty');
    return { kind: 'string', text: unescape(text), folded: fold(unescape(text)) };
  },
  date: parseDate,
  number: (text, context) => parseNumber(text, undefined, context),
  quantity: parseQuantity,
  reference: parseReference,
  uri: (text, context) => {
    if (text === '') throw bad(context, 'is empty');
    return { kind: 'uri', text: unescape(text) };
  },
  composite: parseComposite,
};

function parseToken(text: string, context: ValueContext): Value {
  const parts = split(text, '|').map(unescape);
  const [first = '', second] = parts;
  if (parts.length > 2 || text === '' || text === '|')
    throw bad(context, 'is not code, system|code, |code or system|');
  if (second === undefined) return { kind: 'token', code: first };
  return second === '' ? { kind: 'token', system: first } : { kind: 'token', system: first, code: second };
}

function parseDate(text: string, context: ValueContext): Value {
  const { prefix, rest } = prefixed(text);
  const interval = dateInterval(rest.replace(/ /g, '+'));
  if (interval === undefined) throw bad(context, 'is not a date');
  return { kind: 'date', prefix, ...interval };
}

function parseNumber(text: string, unit: Unit | undefined, context: ValueContext): Value {
  const { prefix, rest } = prefixed(text);
  const interval = numberInterval(rest);
  if (interval === undefined) throw bad(context, 'is not a number');
  return { kind: 'number', prefix, ...interval, ...(unit === undefined ? {} : { unit }) };
}

function parseQuantity(text: string, context: ValueContext): Value {
  const [number = '', system, code, more] = split(text, '|').map(unescape);
  if (more !== undefined || (system !== undefined && (code === undefined || code === ''))) {
    throw bad(context, 'is not number, number|system|code or number||code');
  }
  const unit =
    code === undefined ? undefined : { code, ...(system === undefined || system === '' ? {} : { system }) };
  return parseNumber(number, unit, context);
}

function parseReference(text: string, { definition, targetType, bases }: ValueContext): Value {
  const target = unescape(text);
  if (target === '') throw bad({ definition, bases }, 'is empty');
  if (localReference(target, bases) !== undefined || !/^[A-Za-z0-9\-.]{1,64}$/.test(target)) {
    return { kind: 'reference', targets: [normalTarget(target, bases)] };
  }
  const types = targetType === undefined ? definition.targets : [targetType];
  return { kind: 'reference', targets: types.map((type) => `${type}/${target}`) };
}

function parseComposite(text: string, context: ValueContext): Value {
  const [first, second, more] = split(text, '$');
  const components = context.definition.components;
  if (components === undefined || first === undefined || second === undefined || more !== undefined) {
    throw bad(context, 'is not two values joined by $');
  }
  return {
    kind: 'composite',
    first: PARSE[components[0].kind](first, context),
    second: PARSE[components[1].kind](second, context),
  };
}

function prefixed(text: string): { readonly prefix: Prefix; readonly rest: string } {
  const prefix = PREFIXES.find((candidate) => text.startsWith(candidate));
  return prefix === undefined ? { prefix: 'eq', rest: text } : { prefix, rest: text.slice(2) };
}

function bad({ definition }: ValueContext, problem: string): SearchError {
  return new SearchError('BAD_VALUE', `The value of ${definition.code} ${problem}`, {
    details: { parameter: definition.code },
  });
}
