import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { dateInterval, HIGHEST, numberInterval, periodInterval } from './intervals.ts';

const iso = (text: string): [string, string] | undefined => {
  const interval = dateInterval(text);
  return interval && [new Date(interval.low).toISOString(), new Date(interval.high).toISOString()];
};

describe('date intervals', () => {
  it.each([
    ['2020', '2020-01-01T00:00:00.000Z', '2021-01-01T00:00:00.000Z'],
    ['2020-02', '2020-02-01T00:00:00.000Z', '2020-03-01T00:00:00.000Z'],
    ['2020-12-31', '2020-12-31T00:00:00.000Z', '2021-01-01T00:00:00.000Z'],
    ['2020-01-01T10:00+02:00', '2020-01-01T08:00:00.000Z', '2020-01-01T08:01:00.000Z'],
    ['2020-01-01T10:00:00-05:30', '2020-01-01T15:30:00.000Z', '2020-01-01T15:30:01.000Z'],
    ['2020-01-01T10:00:00.5Z', '2020-01-01T10:00:00.500Z', '2020-01-01T10:00:00.600Z'],
    ['2020-01-01T10:00:00.123456Z', '2020-01-01T10:00:00.123Z', '2020-01-01T10:00:00.124Z'],
  ])('%s', (text, low, high) => {
    expect(iso(text)).toEqual([low, high]);
  });

  it.each([
    '',
    '20',
    '2020-13',
    '2020-00-01',
    '2020-01-32',
    '2020-01-01T25:00Z',
    '2020-01-01T',
    '2020-1-1',
    'x',
  ])('refuses %j', (text) => {
    expect(dateInterval(text)).toBeUndefined();
  });

  it('a finer date lies within the coarser one that it begins', () => {
    fc.assert(
      fc.property(
        fc.date({ min: new Date('1900-01-01'), max: new Date('2100-01-01'), noInvalidDate: true }),
        fc.constantFrom(4, 7, 10),
        (date, length) => {
          const text = date.toISOString();
          const [fine, coarse] = [dateInterval(text), dateInterval(text.slice(0, length))];
          expect(fine && coarse && coarse.low <= fine.low && fine.high <= coarse.high).toBe(true);
        },
      ),
    );
  });

  it('leaves a missing end open', () => {
    expect(periodInterval('2020', undefined)).toEqual({ low: Date.UTC(2020, 0), high: HIGHEST });
    expect(periodInterval(undefined, undefined)).toBeUndefined();
  });
});

describe('number intervals', () => {
  it.each([
    ['100', 99.5, 100.5],
    ['1.00', 0.995, 1.005],
    ['1e2', 50, 150],
    ['-5', -5.5, -4.5],
  ])('%s', (text, low, high) => {
    const interval = numberInterval(text);
    expect(interval?.low).toBeCloseTo(low, 10);
    expect(interval?.high).toBeCloseTo(high, 10);
  });

  it('refuses what is no number', () => {
    for (const text of ['', '1.', '.5', '1x', 'NaN', '0x10']) expect(numberInterval(text)).toBeUndefined();
  });
});
