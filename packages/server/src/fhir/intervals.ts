/** Open ends. */
export const LOWEST = -9e15;
export const HIGHEST = 9e15;

/** [low, high) in milliseconds since 1970. */
export interface Interval {
  readonly low: number;
  readonly high: number;
}

const DATE =
  /^(\d{4})(?:-(\d{2})(?:-(\d{2})(?:T(\d{2}):(\d{2})(?::(\d{2})(?:\.(\d+))?)?(Z|[+-]\d{2}:\d{2})?)?)?)?$/;

/**
 * The interval that a FHIR date, dateTime or instant covers at its own precision; undefined when it is none. Without an offset
 * it counts as UTC, at every server alike. Fractions finer than a millisecond widen to it.
 */
export function dateInterval(text: string): Interval | undefined {
  const match = DATE.exec(text);
  if (match === null) return undefined;
  const [, year, month, day, hour, minute, second, fraction, zone] = match;
  const low = Date.UTC(
    Number(year),
    month === undefined ? 0 : Number(month) - 1,
    Number(day ?? 1),
    Number(hour ?? 0),
    Number(minute ?? 0),
    Number(second ?? 0),
  );
  if (
    !inRange(month, 1, 12) ||
    !inRange(day, 1, 31) ||
    !inRange(hour, 0, 24) ||
    !inRange(minute, 0, 59) ||
    !inRange(second, 0, 60)
  )
    return undefined;
  if (month === undefined) return { low, high: Date.UTC(Number(year) + 1, 0) };
  if (day === undefined) return { low, high: Date.UTC(Number(year), Number(month)) };
  const start = low - offset(zone) + milliseconds(fraction);
  return { low: start, high: start + length(hour, second, fraction) };
}

/** From the start of the first to the end of the second; a missing end is open. */
export function periodInterval(start: unknown, end: unknown): Interval | undefined {
  const from = typeof start === 'string' ? dateInterval(start) : undefined;
  const to = typeof end === 'string' ? dateInterval(end) : undefined;
  if (from === undefined && to === undefined) return undefined;
  return { low: from?.low ?? LOWEST, high: to?.high ?? HIGHEST };
}

/** What a number stands for at its written precision: `100` is [99.5, 100.5), `1.00` is [0.995, 1.005). */
export function numberInterval(text: string): (Interval & { readonly value: number }) | undefined {
  const match = /^[+-]?\d+(?:\.(\d+))?(?:[eE]([+-]?\d+))?$/.exec(text);
  if (match === null) return undefined;
  const half = 0.5 * 10 ** (Number(match[2] ?? 0) - (match[1]?.length ?? 0));
  const value = Number(text);
  return { value, low: value - half, high: value + half };
}

function inRange(text: string | undefined, from: number, to: number): boolean {
  return text === undefined || (Number(text) >= from && Number(text) <= to);
}

function offset(zone: string | undefined): number {
  if (zone === undefined || zone === 'Z') return 0;
  const minutes = Number(zone.slice(1, 3)) * 60 + Number(zone.slice(4, 6));
  return (zone.startsWith('-') ? -minutes : minutes) * 60_000;
}

function milliseconds(fraction: string | undefined): number {
  return fraction === undefined ? 0 : Math.floor(Number(`0.${fraction}`) * 1000);
}

function length(hour: string | undefined, second: string | undefined, fraction: string | undefined): number {
  if (hour === undefined) return 86_400_000;
  if (second === undefined) return 60_000;
  if (fraction === undefined) return 1_000;
  return fraction.length >= 3 ? 1 : 10 ** (3 - fraction.length);
}
