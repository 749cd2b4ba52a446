import { describe, expect, it } from 'vitest';
import { createCursors } from './cursor.ts';
import { assertAcceptable, etag, ifMatchVersion, isUnchanged, preferences } from './headers.ts';
import { KeyedLocks } from './write/locks.ts';

describe('Prefer', () => {
  it.each([
    [undefined, undefined, false],
    ['return=minimal', 'minimal', false],
    ['handling=lenient, return=representation', 'representation', true],
    ['return=OperationOutcome; handling=strict', 'OperationOutcome', false],
    ['return=everything, respond-async', undefined, false],
  ] as const)('%s', (header, wanted, lenient) => {
    expect(preferences(header)).toEqual({ return: wanted, lenient });
  });
});

describe('If-Match', () => {
  it.each([
    [undefined, undefined],
    ['W/"3"', '3'],
    ['"3"', '3'],
    [' W/"12" ', '12'],
  ])('%s', (header, version) => expect(ifMatchVersion(header)).toBe(version));

  it.each(['*', '3', 'W/"1", W/"2"', '""', 'W/"a b"'])('refuses %s', (header) => {
    expect(() => ifMatchVersion(header)).toThrow('If-Match');
  });
});

describe('conditional reads', () => {
  const current = { etag: etag(2), lastUpdated: '2026-03-01T10:00:00.750Z' };
  it.each([
    [{ 'if-none-match': 'W/"2"' }, true],
    [{ 'if-none-match': '"1", "2"' }, true],
    [{ 'if-none-match': '*' }, true],
    [{ 'if-none-match': 'W/"1"' }, false],
    [{ 'if-modified-since': 'Sun, 01 Mar 2026 10:00:00 GMT' }, true],
    [{ 'if-modified-since': 'Sun, 01 Mar 2026 09:59:59 GMT' }, false],
    [{ 'if-modified-since': 'soon' }, false],
    [{ 'if-none-match': 'W/"1"', 'if-modified-since': 'Sun, 01 Mar 2030 10:00:00 GMT' }, false],
    [{}, false],
  ])('%j', (headers, unchanged) => expect(isUnchanged(headers, current)).toBe(unchanged));
});

describe('what is acceptable', () => {
  it.each([
    [undefined, undefined],
    ['*/*', undefined],
    ['text/html, application/fhir+json;q=0.9', undefined],
    ['application/fhir+xml', 'json'],
    ['application/fhir+json; fhirVersion=4.0', undefined],
    [undefined, 'application/fhir json'],
  ])('%s %s', (accept, format) => expect(() => assertAcceptable(accept, format)).not.toThrow());

  it.each([
    ['text/html', undefined],
    ['application/fhir+json;q=0', undefined],
    ['application/fhir+json', 'ttl'],
  ])('not %s %s', (accept, format) =>
    expect(() => assertAcceptable(accept, format)).toThrow('application/fhir+json'),
  );
});

describe('cursors', () => {
  const cursors = createCursors(new Uint8Array(32).fill(7));

  it('come back as they were, for the same query', () => {
    expect(cursors.open('alice /Patient', cursors.seal('alice /Patient', '[1,"x"]'))).toBe('[1,"x"]');
  });

  it('tell nothing and cannot be altered, moved to another query or key', () => {
    const sealed = cursors.seal('query', 'Secretname');
    expect(Buffer.from(sealed, 'base64url').toString('latin1')).not.toContain('Secretname');
    const altered = `${sealed.slice(0, -2)}${sealed.endsWith('AA') ? 'BB' : 'AA'}`;
    const foreign = createCursors(new Uint8Array(32)).seal('query', 'x');
    for (const cursor of [altered, foreign, '', 'AAAA', '%%%', 'A'.repeat(10_000)]) {
      expect(() => cursors.open('query', cursor)).toThrow('cursor');
    }
    expect(() => cursors.open('other query', sealed)).toThrow('cursor');
  });
});

describe('keyed locks', () => {
  it('let one holder of a key run at a time, others alongside', async () => {
    const locks = new KeyedLocks();
    const order: string[] = [];
    const gate = Promise.withResolvers<void>();
    const slow = locks.holding(['b', 'a'], async () => {
      order.push('slow begins');
      await gate.promise;
      order.push('slow ends');
    });
    const same = locks.holding(['a'], async () => void order.push('same'));
    await locks.holding(['c'], async () => void order.push('other'));
    gate.resolve();
    await Promise.all([slow, same]);
    expect(order.filter((event) => event !== 'other')).toEqual(['slow begins', 'slow ends', 'same']);
    expect(order.indexOf('other')).toBeLessThan(order.indexOf('slow ends'));
  });

  it('are let go when their holder fails', async () => {
    const locks = new KeyedLocks();
    await expect(locks.holding(['a'], () => Promise.reject(new Error('x')))).rejects.toThrow('x');
    await expect(locks.holding(['a'], async () => 'free')).resolves.toBe('free');
  });
});
