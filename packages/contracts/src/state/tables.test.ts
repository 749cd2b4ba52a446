import { utf8 } from '@healthchain/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { recordIdOf } from '../testing/ledger.ts';
import { maria, northDoctor, put, readyLedger } from '../testing/cast.ts';
import { decodeWrite, tables } from './tables.ts';

describe('keys', () => {
  it('are Fabric’s composite keys, their numbers in order', () => {
    expect(tables.version.key(['r', 2])).toBe('\u0000version\u0000r\u00000000000000000002\u0000');
    expect(tables.circle.key([])).toBe('\u0000circle\u0000');
    fc.assert(
      fc.property(fc.maxSafeNat(), fc.maxSafeNat(), (a, b) => {
        expect(tables.version.key(['r', a]) < tables.version.key(['r', b])).toBe(a < b);
      }),
    );
  });

  it('are read back, by their own table only', () => {
    const part = fc
      .string({ minLength: 1 })
      .filter((text) => !text.includes('\u0000') && !text.includes('\u{10ffff}'));
    fc.assert(
      fc.property(part, fc.maxSafeNat(), (recordId, version) => {
        const key = tables.version.key([recordId, version]);
        expect(tables.version.parts(key)).toEqual([recordId, version]);
        expect(tables.body.parts(key)).toBeUndefined();
        expect(tables.head.parts(key)).toBeUndefined();
      }),
    );
    expect(tables.circle.parts(tables.circle.key([]))).toEqual([]);
    expect(tables.version.parts('\u0000version\u0000r\u0000')).toBeUndefined();
  });

  it('have a name of their own in every table', () => {
    const names = Object.values(tables).map((table) => table.name);
    expect(new Set(names).size).toBe(names.length);
  });
});

describe('writes of a block', () => {
  it('decode to rows', async () => {
    const ledger = await readyLedger();
    const { stub, transactionId } = await put(ledger, northDoctor, { id: 'a', relation: true });
    const changes = [...stub.writes].map(([key, value]) =>
      decodeWrite({ key, value: value ?? new Uint8Array(0), isDelete: value === null }),
    );
    expect(changes.map((change) => `${change?.table}`).sort()).toEqual([
      'body',
      'head',
      'index',
      'sealed',
      'sealed',
      'sealed',
      'sealing',
      'version',
    ]);
    const version = changes.find((change) => change?.table === 'version');
    expect(version).toMatchObject({
      key: [recordIdOf('a'), 1],
      row: { kind: 'put', transactionId, position: 0, header: { persons: [maria] } },
    });
    const body = changes.find((change) => change?.table === 'body');
    expect(body?.row).toEqual(utf8('ciphertext of a version 1'));
  });

  it('tell deletions and foreign keys', () => {
    const key = tables.link.key(['a', 'b']);
    expect(decodeWrite({ key, value: new Uint8Array(0), isDelete: true })).toEqual({
      table: 'link',
      key: ['a', 'b'],
      row: undefined,
    });
    expect(decodeWrite({ key: 'foreign', value: utf8('x'), isDelete: false })).toBeUndefined();
    expect(
      decodeWrite({ key: '\u0000link\u0000a\u0000', value: utf8('x'), isDelete: false }),
    ).toBeUndefined();
  });
});
