import { DatabaseSync } from 'node:sqlite';
import type { VersionRow } from '@healthchain/contracts';
import { beforeEach, describe, expect, test } from 'vitest';
import { LedgerFacts } from './facts.ts';

const MARIA = 'a'.repeat(32);
const LEE = 'b'.repeat(32);

let facts: LedgerFacts;
let block = 0;

function put(recordId: string, row: { kind?: string; version?: number; mspId?: string; category?: string }) {
  const { kind = 'put', version = 1, mspId = 'NorthMSP', category = 'laboratory' } = row;
  const header = { recordId, version, persons: [MARIA, LEE], categories: [category], author: { mspId } };
  const content = kind === 'retract' ? {} : { content: { ciphertextHash: 'c' } };
  facts.putVersion(
    {
      channel: 'care',
      row: {
        kind,
        header,
        ...content,
        at: '',
        transactionId: `t${block}`,
        position: 0,
      } as unknown as VersionRow,
      blockNumber: block++,
      sequence: 0,
    },
    new Uint8Array([1]),
  );
}

function headsOf(...asked: Parameters<LedgerFacts['heads']>): string[] {
  return facts.heads(...asked).map(({ row }) => `${row.header.recordId}/${row.header.version}`);
}

beforeEach(() => {
  facts = new LedgerFacts(new DatabaseSync(':memory:'));
  put('first', {});
  put('second', { mspId: 'SouthMSP', category: 'medication' });
  put('third', {});
  put('first', { kind: 'amend', version: 2, category: 'medication' });
  put('third', { kind: 'retract', version: 2 });
});

describe('heads of a person', () => {
  test('are the last versions, each once, in commit order, without tombstones', () => {
    expect(headsOf([MARIA, LEE])).toEqual(['second/1', 'first/2']);
    expect(headsOf(['c'.repeat(32)])).toEqual([]);
  });

  test('are chosen by what the head itself is filed under', () => {
    expect(headsOf([MARIA], { categories: ['laboratory'] })).toEqual([]);
    expect(headsOf([MARIA], { categories: ['laboratory', 'medication'] })).toEqual(['second/1', 'first/2']);
    expect(headsOf([MARIA], { categories: [] })).toEqual([]);
  });

  test('leave out one organisation’s', () => {
    expect(headsOf([LEE], { notBy: 'NorthMSP' })).toEqual(['second/1']);
    expect(headsOf([LEE], { notBy: 'SouthMSP', categories: ['medication'] })).toEqual(['first/2']);
  });
});
