import { fromBase64, toHex } from '@healthchain/core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { entryLeafHash, parseEntry, type SignedEntry } from '../log/format.ts';
import { verifySignature } from '../signature.ts';
import { Consortium } from '../testing/consortium.ts';
import { createReaderKey } from '../reader/reader-key.ts';
import { EPOCH, headerOf, LABORATORY, MARIA, observation, SAM } from '../testing/records.ts';
import { bundleOf, parseProofBundle, type CustodianLog, type ProofBundle } from './format.ts';
import { verifyAccessLog, type AccessLogReport, type LedgerFacts } from './verify.ts';

const CUSTODIANS = EPOCH.custodians.map(({ mspId }) => mspId);
const laboratory = { header: headerOf(1), labels: LABORATORY, type: 'Observation', resource: observation(1) };
const sams = {
  header: headerOf(2, { persons: [SAM] }),
  labels: LABORATORY,
  type: 'Observation',
  resource: observation(2),
};
const EMERGENCY = 'e'.repeat(64);

let consortium: Consortium;
let bundle: ProofBundle;
let facts: LedgerFacts;
const requests: string[] = [];
const kept: SignedEntry[] = [];

async function read(record: typeof laboratory, by: readonly string[], emergency?: string): Promise<void> {
  const under = emergency === undefined ? {} : { emergency, purpose: 'ETREAT' as const };
  const { asked, answers } = await consortium.ask([record], by, {
    person: record.header.persons[0] ?? null,
    ...under,
  });
  requests.push(asked.request.id);
  if (record === laboratory) kept.push(...answers.flatMap(({ answer }) => answer.entries));
  consortium.time += 60_000;
}

async function exportLogs(person: string): Promise<ProofBundle> {
  const { records: _records, ...rest } = consortium.request([], createReaderKey());
  const signed = consortium.sign({ ...rest, kind: 'log', person });
  const logs = await Promise.all(
    CUSTODIANS.map(
      async (mspId): Promise<CustodianLog> =>
        (await consortium.custodian(mspId).readLog(signed, 'SouthMSP')).log,
    ),
  );
  return parseProofBundle(JSON.parse(JSON.stringify(bundleOf({ channel: 'care', person }, logs))));
}

beforeAll(async () => {
  consortium = new Consortium();
  consortium.commit([laboratory, sams]);
  const { mspId, userId } = consortium.doctor.identity;
  consortium.emergencies.set(EMERGENCY, {
    transactionId: EMERGENCY,
    person: MARIA,
    subject: { mspId, userId },
    openedAt: consortium.time,
  });
  await read(laboratory, ['NorthMSP', 'SouthMSP']);
  await read(sams, ['NorthMSP', 'AuthorityMSP']);
  await read(laboratory, ['NorthMSP', 'AuthorityMSP']);
  await read(laboratory, ['SouthMSP', 'AuthorityMSP'], EMERGENCY);
  await read(laboratory, ['NorthMSP', 'SouthMSP']);
  consortium.checkpoint();
  bundle = await exportLogs(MARIA);
  facts = {
    custodians: CUSTODIANS,
    thresholdOf: (epoch) => (epoch === EPOCH.number ? EPOCH.threshold : undefined),
    checkpointFromLedger: (custodian, size) =>
      consortium.checkpoints.find((one) => one.custodian === custodian && one.size === size),
    latestCheckpoint: (custodian) => consortium.checkpoints.findLast((one) => one.custodian === custodian),
    emergencyHeight: (transactionId) => (transactionId === EMERGENCY ? 1 : undefined),
    verifyEntrySignature: (custodian, message, signature) =>
      verifySignature(consortium.key(custodian), message, fromBase64(signature)),
  };
});
afterAll(() => consortium.close());

const codes = ({ findings }: AccessLogReport): string[] =>
  [...new Set(findings.map(({ code }) => code))].sort();

function altered(custodian: string, alter: (log: CustodianLog) => Partial<CustodianLog>): ProofBundle {
  return {
    ...bundle,
    custodians: bundle.custodians.map((log) =>
      log.custodian === custodian ? { ...log, ...alter(log) } : log,
    ),
  };
}

describe('an honest export', () => {
  it('shows every access once, proved by k custodians', () => {
    const report = verifyAccessLog(bundle, facts, kept);
    expect(report.findings).toEqual([]);
    expect(report.ok).toBe(true);
    const shown = report.accesses.map(({ requestId, status, records }) => [
      requestId,
      status,
      records[0]?.releasedBy.toSorted(),
    ]);
    expect(shown.slice(0, 4)).toEqual([
      [requests[0], 'proved', ['NorthMSP', 'SouthMSP']],
      [requests[2], 'proved', ['AuthorityMSP', 'NorthMSP']],
      [requests[3], 'proved', ['AuthorityMSP', 'SouthMSP']],
      [requests[4], 'proved', ['NorthMSP', 'SouthMSP']],
    ]);
    expect(report.accesses[4]).toMatchObject({ status: 'noted', entries: [{ isProven: false }, {}, {}] });
    expect(report.accesses[2]?.emergency).toBe(EMERGENCY);
  });

  it('proves that there is no entry of somebody else', async () => {
    const nobody = await exportLogs('9'.repeat(32));
    const report = verifyAccessLog(nobody, facts);
    expect(report.ok).toBe(true);
    expect(report.accesses.map(({ status }) => status)).toEqual(['noted']);
    expect(nobody.custodians.every(({ head }) => head === null)).toBe(true);
  });

  it('shows a read that too few custodians released as incomplete, without blame', async () => {
    const own = new Consortium();
    try {
      own.commit([laboratory]);
      const { asked } = await own.ask([laboratory], ['NorthMSP']);
      own.checkpoint();
      const { records: _records, ...rest } = own.request([], createReaderKey());
      const signed = own.sign({ ...rest, kind: 'log', person: MARIA });
      const { log } = await own.custodian('NorthMSP').readLog(signed, 'SouthMSP');
      const checkpointFromLedger: LedgerFacts['checkpointFromLedger'] = (custodian, size) =>
        own.checkpoints.find((one) => one.custodian === custodian && one.size === size);
      const report = verifyAccessLog(bundleOf({ channel: 'care', person: MARIA }, [log]), {
        ...facts,
        custodians: ['NorthMSP'],
        checkpointFromLedger,
        latestCheckpoint: () => undefined,
        verifyEntrySignature: (custodian, message, signature) =>
          verifySignature(own.key(custodian), message, fromBase64(signature)),
      });
      expect(report.accesses[0]).toMatchObject({ requestId: asked.request.id, status: 'incomplete' });
      expect(codes(report)).toEqual(['FEWER_THAN_K']);
      expect(report.ok).toBe(true);
    } finally {
      await own.close();
    }
  });
});

describe('an entry that was taken out', () => {
  it.each([1, 2, 3])('is named by its number, and by the other logs: %i', (number) => {
    const taken = bundle.custodians.find(({ custodian }) => custodian === 'NorthMSP')?.entries[
      number - 1
    ] as SignedEntry;
    const report = verifyAccessLog(
      altered('NorthMSP', ({ entries }) => ({ entries: entries.filter((_, i) => i !== number - 1) })),
      facts,
    );
    expect(report.ok).toBe(false);
    const removed = report.findings.find(({ code }) => code === 'ENTRY_REMOVED');
    const { requestId } = parseEntry(taken.text);
    expect(removed).toMatchObject({ severity: 'breach', custodian: 'NorthMSP', number, requestId });
    expect(removed?.message).toContain(requestId);
    expect(report.accesses.find((access) => access.requestId === requestId)?.status).toBe('incomplete');
  });

  it('is named where the same request left a refusal beside it', async () => {
    const own = new Consortium();
    try {
      const other = { ...laboratory, header: headerOf(3), resource: observation(3) };
      own.commit([laboratory, other]);
      own.gate.decide = async ({ items }) =>
        items.map((_, i) =>
          i === 0 ? { permit: true, code: 'GRANT' } : { permit: false, code: 'NOT_GRANTED' },
        );
      const { asked } = await own.ask([laboratory, other], ['NorthMSP', 'SouthMSP']);
      own.checkpoint();
      const { records: _records, ...rest } = own.request([], createReaderKey());
      const signed = own.sign({ ...rest, kind: 'log', person: MARIA });
      const logs = await Promise.all(
        CUSTODIANS.map(async (mspId) => (await own.custodian(mspId).readLog(signed, 'SouthMSP')).log),
      );
      const cut = logs.map((log) => ({
        ...log,
        entries: log.entries.filter(
          ({ text }) => log.custodian !== 'SouthMSP' || parseEntry(text).kind !== 'released',
        ),
      }));
      const { findings } = verifyAccessLog(bundleOf({ channel: 'care', person: MARIA }, cut), {
        ...facts,
        checkpointFromLedger: (custodian, size) =>
          own.checkpoints.find((one) => one.custodian === custodian && one.size === size),
        latestCheckpoint: (custodian) => own.checkpoints.findLast((one) => one.custodian === custodian),
        verifyEntrySignature: (custodian, message, signature) =>
          verifySignature(own.key(custodian), message, fromBase64(signature)),
      });
      const removed = findings.find(({ code }) => code === 'ENTRY_REMOVED');
      expect(removed).toMatchObject({ custodian: 'SouthMSP', requestId: asked.request.id });
      expect(removed?.message).toContain('released: request');
    } finally {
      await own.close();
    }
  });

  it('from every log is still named by its numbers', () => {
    const without = {
      ...bundle,
      custodians: bundle.custodians.map((log) => ({
        ...log,
        entries: log.entries.filter(({ text }) => parseEntry(text).requestId !== requests[2]),
      })),
    };
    const removed = verifyAccessLog(without, facts).findings.filter(({ code }) => code === 'ENTRY_REMOVED');
    expect(removed.map(({ custodian, number }) => [custodian, number])).toEqual([
      ['NorthMSP', 2],
      ['AuthorityMSP', 1],
    ]);
    expect(
      verifyAccessLog(without, facts, kept).findings.filter(({ code }) => code === 'KEPT_ENTRY_ABSENT')
        .length,
    ).toBe(2);
  });
});

describe('a tampered export', () => {
  const edit = (text: string): string => text.replace('"purpose":"TREAT"', '"purpose":"PATRQT"');
  const tampered: readonly [string, string[], () => ProofBundle][] = [
    [
      'without a custodian',
      ['FEWER_THAN_K', 'MISSING_CUSTODIAN'],
      () => ({ ...bundle, custodians: bundle.custodians.slice(1) }),
    ],
    [
      'with a custodian twice',
      ['REPEATED_CUSTODIAN'],
      () => ({ ...bundle, custodians: [...bundle.custodians, ...bundle.custodians.slice(0, 1)] }),
    ],
    ['of another person', ['FOREIGN_ENTRY', 'MAP_PROOF_INVALID'], () => ({ ...bundle, person: SAM })],
    [
      'with another last entry',
      ['HEAD_DIFFERS'],
      () => altered('NorthMSP', ({ head }) => ({ head: head && { ...head, head: '0'.repeat(64) } })),
    ],
    [
      'with a smaller count',
      ['HEAD_DIFFERS'],
      () => altered('NorthMSP', ({ head, entries }) => ({ head: head && { ...head, count: 2 }, entries })),
    ],
    [
      'with another salt',
      ['HEAD_DIFFERS'],
      () => altered('NorthMSP', ({ head }) => ({ head: head && { ...head, salt: '0'.repeat(64) } })),
    ],
    [
      'that says there is nothing',
      ['FEWER_THAN_K', 'HEAD_DIFFERS'],
      () => altered('NorthMSP', () => ({ head: null, entries: [], uncheckpointed: [] })),
    ],
    ['without map proof', ['MAP_PROOF_INVALID'], () => altered('NorthMSP', () => ({ mapProof: null }))],
    [
      'with another map proof',
      ['MAP_PROOF_INVALID'],
      () => altered('NorthMSP', () => ({ mapProof: { entry: null, siblings: [] } })),
    ],
    [
      'without checkpoint',
      ['CHECKPOINT_NOT_ON_LEDGER'],
      () => altered('NorthMSP', () => ({ checkpoint: null })),
    ],
    [
      'with another checkpoint',
      ['CHECKPOINT_NOT_ON_LEDGER'],
      () =>
        altered('NorthMSP', ({ checkpoint }) => ({
          checkpoint: checkpoint && { ...checkpoint, root: '0'.repeat(64) },
        })),
    ],
    [
      'with another size',
      ['CHECKPOINT_NOT_ON_LEDGER'],
      () =>
        altered('NorthMSP', ({ checkpoint }) => ({ checkpoint: checkpoint && { ...checkpoint, size: 1 } })),
    ],
    [
      'with an edited entry',
      ['BAD_SIGNATURE', 'CHAIN_BROKEN', 'NOT_INCLUDED'],
      () =>
        altered('NorthMSP', ({ entries }) => ({
          entries: entries.map((entry) => ({ ...entry, text: edit(entry.text) })),
        })),
    ],
    [
      'with an entry in bad form',
      ['ENTRY_REMOVED', 'FEWER_THAN_K', 'MALFORMED_ENTRY'],
      () =>
        altered('NorthMSP', ({ entries }) => ({
          entries: entries.map((entry, i) => (i === 0 ? { ...entry, text: ` ${entry.text}` } : entry)),
        })),
    ],
    [
      'with another inclusion proof',
      ['NOT_INCLUDED'],
      () =>
        altered('NorthMSP', ({ entries }) => ({
          entries: entries.map((entry) => ({ ...entry, inclusion: entry.inclusion.slice(1) })),
        })),
    ],
    [
      'with another random value',
      ['BAD_SIGNATURE', 'CHAIN_BROKEN', 'NOT_INCLUDED'],
      () =>
        altered('NorthMSP', ({ entries }) => ({
          entries: entries.map((entry) => ({ ...entry, random: '0'.repeat(64) })),
        })),
    ],
    [
      'with two entries swapped',
      ['CHAIN_BROKEN'],
      () => altered('NorthMSP', ({ entries }) => ({ entries: entries.toReversed() })),
    ],
    [
      'with another signature',
      ['BAD_SIGNATURE'],
      () =>
        altered('NorthMSP', ({ entries }) => ({
          entries: entries.map((entry) => ({ ...entry, signature: entries[0]?.signature ?? '' })),
        })),
    ],
  ];
  it.each(tampered)('%s is found out', (_, expected, make) => {
    const report = verifyAccessLog(make(), facts);
    expect(report.ok).toBe(false);
    expect(codes(report)).toEqual(expect.arrayContaining(expected));
  });

  it('is refused when it breaks the format', () => {
    for (const broken of [
      null,
      {},
      { ...bundle, format: 'v2' },
      { ...bundle, extra: 1 },
      { ...bundle, custodians: [{}] },
    ]) {
      expect(() => parseProofBundle(broken)).toThrow(expect.objectContaining({ code: 'MALFORMED' }));
    }
  });
});

describe('what the ledger says', () => {
  it('that a later checkpoint exists is told', async () => {
    consortium.checkpoint();
    const report = verifyAccessLog(bundle, facts);
    expect(codes(report)).toEqual(['CHECKPOINT_NOT_LATEST']);
    expect(report.ok).toBe(true);
    expect(verifyAccessLog(await exportLogs(MARIA), facts).findings).toEqual([]);
  });

  it('that an emergency came after its release, or never, is a breach', () => {
    for (const height of [2, undefined]) {
      const report = verifyAccessLog(bundle, { ...facts, emergencyHeight: () => height });
      expect(
        report.findings
          .filter(({ code }) => code === 'EMERGENCY_NOT_BEFORE')
          .map(({ custodian }) => custodian),
      ).toEqual(['SouthMSP', 'AuthorityMSP']);
    }
  });

  it('that k is higher, or the epoch unknown, is told', () => {
    expect(codes(verifyAccessLog(bundle, { ...facts, thresholdOf: () => 3 }))).toContain('FEWER_THAN_K');
    expect(codes(verifyAccessLog(bundle, { ...facts, thresholdOf: () => undefined }))).toContain(
      'EPOCH_UNKNOWN',
    );
  });
});

describe('an entry that its reader kept', () => {
  it('is in the log', () => {
    const leaves = new Set(
      bundle.custodians.flatMap(({ entries }) => entries.map((entry) => toHex(entryLeafHash(entry)))),
    );
    expect(kept.length).toBe(8);
    for (const entry of kept) expect(leaves.has(toHex(entryLeafHash(entry)))).toBe(true);
  });
});
