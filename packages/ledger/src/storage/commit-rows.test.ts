import { describe, expect, it } from 'vitest';
import { utf8 } from '@healthchain/core';
import { commitRows, otherTransactionRows, type BlockCommit } from './commit-rows.ts';
import { decodeTransaction, transactionKey } from './ledger-keys.ts';

function block(changes: Partial<BlockCommit> = {}): BlockCommit {
  return {
    number: 7,
    parts: [],
    data: [utf8('envelope')],
    headerHash: new Uint8Array(32),
    commitHash: utf8('hash'),
    updates: [
      {
        namespace: 'cc',
        key: 'k',
        value: utf8('v'),
        metadata: new Uint8Array(),
        version: { block: 7n, transaction: 0n },
      },
    ],
    history: [{ namespace: 'cc', key: 'k', transaction: 0 }],
    transactions: [{ txId: 'a', code: 0, isKnownNew: true }],
    ...changes,
  };
}

describe('rows of a commit', () => {
  it('are encoded once for one list of envelopes and one commit hash, and again for any other', () => {
    const first = block();
    expect(commitRows(first)).toHaveLength(3);
    expect(commitRows(block({ data: first.data }))).toBe(commitRows(first));
    expect(commitRows(block())).not.toBe(commitRows(first));
    const other = block({ data: first.data, commitHash: utf8('other'), updates: [] });
    expect(commitRows(other)).toHaveLength(2);
    const unhashed = block({ commitHash: undefined });
    expect(commitRows(unhashed)).not.toBe(commitRows(unhashed));
  });

  it('of transactions that were not looked for name the first occurrence of an id', () => {
    const transactions = [
      { txId: 'late', code: 11, isKnownNew: false },
      { txId: 'new', code: 0, isKnownNew: true },
      { txId: 'new', code: 30, isKnownNew: false },
      { txId: 'stored', code: 30, isKnownNew: false },
      { txId: 'late', code: 0, isKnownNew: true },
      { txId: '', code: 1, isKnownNew: false },
    ];
    const rows = otherTransactionRows(block({ transactions }), (txId) => txId === 'stored');
    expect(rows.map(({ key }) => key)).toEqual([transactionKey('late')]);
    const [row] = rows;
    const place = row?.type === 'put' ? decodeTransaction('late', row.value) : undefined;
    expect(place).toEqual({ block: 7, index: 0, code: 11 });
    expect(otherTransactionRows(block(), () => false)).toEqual([]);
  });
});
