import { intakeKeyId, sha256, toHex, type RecordHeader } from '@healthchain/core';
import { describe, expect, it } from 'vitest';
import { openRecord } from '../envelope/envelope.ts';
import { X_WING } from '../hpke/x-wing.ts';
import { combineShares } from '../shares/shares.ts';
import { EPOCH, headerOf, HIV, LABORATORY, observation, recordIdOf, SAM } from '../testing/records.ts';
import type { PublicIntakeKey } from './intake-key.ts';
import { sealWrite, type SealedWrite } from './seal-write.ts';
import { openShareMessage, type MessageFacts, type OpenedShare } from './share-message.ts';

const privateKeys = EPOCH.custodians.map(({ index }) => X_WING.importPrivate(new Uint8Array(32).fill(index)));
const intakeKeys: PublicIntakeKey[] = EPOCH.custodians.map(({ mspId }, i) => {
  const publicKey = (privateKeys[i] as (typeof privateKeys)[number]).publicKey.bytes;
  return { mspId, keyId: intakeKeyId('care', mspId, publicKey), publicKey };
});
const records = [
  { header: headerOf(1), labels: LABORATORY, type: 'Observation', resource: observation(1) },
  {
    header: headerOf(2, { categories: ['restricted'] }),
    labels: HIV,
    type: 'Observation',
    resource: observation(2),
  },
];
const input = { channel: 'care', author: 'NorthMSP', epoch: EPOCH, intakeKeys, records };

function factsFor(position: number, write: SealedWrite): MessageFacts {
  const custodian = EPOCH.custodians[position] as (typeof EPOCH.custodians)[number];
  return {
    channel: 'care',
    custodian: custodian.mspId,
    index: custodian.index,
    intakeKeyId: (intakeKeys[position] as PublicIntakeKey).keyId,
    author: 'NorthMSP',
    epoch: EPOCH.number,
    records: records.map(({ header }, i) => ({
      header,
      ciphertextHash: write.operations[i]?.ciphertextHash ?? '',
      shareHash: write.operations[i]?.shareHashes[position] ?? '',
    })),
  };
}

function open(position: number, write: SealedWrite, facts = factsFor(position, write)): OpenedShare[] {
  const message = write.sealed[position]?.message as Uint8Array;
  return openShareMessage(privateKeys[position] as (typeof privateKeys)[number], facts, message);
}

function accepted(opened: OpenedShare | undefined): Extract<OpenedShare, { ok: true }> {
  if (opened?.ok !== true) throw new Error(`not accepted: ${opened?.reason}`);
  return opened;
}

describe('the sealed write of one transaction', () => {
  const write = sealWrite(input);

  it('gives each custodian its shares and the true labels; any two open the records', () => {
    const [north, south, authority] = [0, 1, 2].map((position) => open(position, write));
    for (const [a, b] of [
      [north, south],
      [south, authority],
      [authority, north],
    ]) {
      records.forEach(({ header, labels }, i) => {
        const shares = [accepted(a?.[i]).share, accepted(b?.[i]).share];
        const operation = write.operations[i] as SealedWrite['operations'][number];
        const opened = openRecord(combineShares(shares, 2), accepted(a?.[i]).labels, {
          header,
          ...operation,
        });
        expect(opened.labels).toEqual(labels);
      });
    }
  });

  it('hides the labels: every message of as many records has the same size', () => {
    const plain = sealWrite({ ...input, records: [records[0], records[0]] as typeof records });
    expect(plain.sealed[0]?.message.length).toBe(write.sealed[0]?.message.length);
  });

  it('names the hash of each message', () => {
    for (const { message, hash } of write.sealed) expect(toHex(sha256(message))).toBe(hash);
  });

  const changeRecord = (facts: MessageFacts, header: Partial<RecordHeader>): MessageFacts => ({
    ...facts,
    records: facts.records.map((record, i) =>
      i === 0 ? { ...record, header: { ...record.header, ...header } } : record,
    ),
  });
  const copies: readonly [string, (facts: MessageFacts) => MessageFacts][] = [
    ['another channel', (facts) => ({ ...facts, channel: 'consortium' })],
    ['another custodian', (facts) => ({ ...facts, custodian: 'SouthMSP' })],
    ['another index', (facts) => ({ ...facts, index: 2 })],
    ['another intake key', (facts) => ({ ...facts, intakeKeyId: '0'.repeat(64) })],
    ['another author', (facts) => ({ ...facts, author: 'SouthMSP' })],
    ['another epoch', (facts) => ({ ...facts, epoch: 2 })],
    ['another record', (facts) => changeRecord(facts, { recordId: recordIdOf(9) })],
    ['another version', (facts) => changeRecord(facts, { version: 2 })],
    ['another person', (facts) => changeRecord(facts, { persons: [SAM] })],
    ['a further person', (facts) => changeRecord(facts, { persons: [...headerOf(1).persons, SAM] })],
    ['another category', (facts) => changeRecord(facts, { categories: ['imaging'] })],
    ['fewer records', (facts) => ({ ...facts, records: facts.records.slice(1) })],
    ['another order', (facts) => ({ ...facts, records: facts.records.toReversed() })],
    [
      'another ciphertext',
      (facts) => ({
        ...facts,
        records: facts.records.map((record) => ({ ...record, ciphertextHash: '0'.repeat(64) })),
      }),
    ],
    [
      'another share hash',
      (facts) => ({
        ...facts,
        records: facts.records.map((record) => ({ ...record, shareHash: '0'.repeat(64) })),
      }),
    ],
  ];
  it.each(copies)('does not open when it is copied to %s', (_, change) => {
    expect(() => open(0, write, change(factsFor(0, write)))).toThrow(
      expect.objectContaining({ code: 'OPEN_FAILED' }),
    );
  });

  it('needs an intake key of each custodian, and each key its own id', () => {
    expect(() => sealWrite({ ...input, intakeKeys: intakeKeys.slice(1) })).toThrow(
      expect.objectContaining({ code: 'KEY_UNKNOWN' }),
    );
    const swapped = intakeKeys.map((key, i) =>
      i === 0 ? { ...key, publicKey: intakeKeys[1]?.publicKey as Uint8Array } : key,
    );
    expect(() => sealWrite({ ...input, intakeKeys: swapped })).toThrow(
      expect.objectContaining({ code: 'BAD_KEY' }),
    );
  });
});
