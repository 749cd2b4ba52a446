import { dateInterval } from './intervals.ts';
import { narrativeProblem } from './narrative.ts';
import { type Issue, problem } from './issues.ts';
import { isObject, type PlainObject } from './resource.ts';

type ObjectRule = (value: PlainObject, path: string) => readonly Issue[];
type PrimitiveRule = (value: unknown, path: string) => readonly Issue[];

const when = (failed: boolean, rule: string, path: string): readonly Issue[] =>
  failed ? [problem('invariant', rule, path)] : [];

/** Invariants of data types that @medplum/core does not evaluate. */
export const DATATYPE_RULES: Readonly<Record<string, ObjectRule>> = {
  Period: (value, path) => when(startsAfterEnd(value), 'per-1: a period does not end before it starts', path),
  Quantity: unitHasSystem,
  Age: unitHasSystem,
  Duration: unitHasSystem,
  Count: unitHasSystem,
  Distance: unitHasSystem,
  ContactPoint: (value, path) =>
    when('value' in value && !('system' in value), 'cpt-2: a contact value needs its system', path),
  Attachment: (value, path) =>
    when('data' in value && !('contentType' in value), 'att-1: data needs its contentType', path),
  Range: (value, path) => when(lowAboveHigh(value), 'rng-2: low is not above high', path),
  Extension: (value, path) =>
    when(
      !('extension' in value) ===
        !Object.keys(value).some((name) => name.startsWith('value') || name.startsWith('_value')),
      'ext-1: an extension has either a value or extensions',
      path,
    ),
};

/** Formats of primitives beyond what the JSON type says. */
export const PRIMITIVE_RULES: Readonly<Record<string, PrimitiveRule>> = {
  date: calendar,
  dateTime: (value, path) => [...calendar(value, path), ...offsetMissing(value, path)],
  instant: calendar,
  xhtml: (value, path) => {
    const wrong = typeof value === 'string' ? narrativeProblem(value) : undefined;
    return wrong === undefined ? [] : [problem('invariant', `txt-1: ${wrong}`, path)];
  },
};

function unitHasSystem(value: PlainObject, path: string): readonly Issue[] {
  return when('code' in value && !('system' in value), 'qty-3: a coded unit needs its system', path);
}

function startsAfterEnd(value: PlainObject): boolean {
  const { start, end } = value;
  if (typeof start !== 'string' || typeof end !== 'string') return false;
  const [from, to] = [dateInterval(start), dateInterval(end)];
  return from !== undefined && to !== undefined && from.low >= to.high;
}

function lowAboveHigh(value: PlainObject): boolean {
  const [low, high] = [value['low'], value['high']];
  if (!isObject(low) || !isObject(high)) return false;
  return (
    typeof low['value'] === 'number' && typeof high['value'] === 'number' && low['value'] > high['value']
  );
}

function offsetMissing(value: unknown, path: string): readonly Issue[] {
  const local = typeof value === 'string' && value.includes('T') && !/(?:Z|[+-]\d{2}:\d{2})$/.test(value);
  return local ? [problem('value', 'A time has an offset from UTC', path)] : [];
}

/** 30 February has the form of a date. */
function calendar(value: unknown, path: string): readonly Issue[] {
  const [, year, month, day] = /^(\d{4})-(\d{2})-(\d{2})/.exec(typeof value === 'string' ? value : '') ?? [];
  if (day === undefined) return [];
  const date = new Date(Date.UTC(Number(year), Number(month) - 1, Number(day)));
  const exists = date.getUTCMonth() === Number(month) - 1 && date.getUTCDate() === Number(day);
  return exists ? [] : [problem('value', 'No day of the calendar', path)];
}
