import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parseEntry } from '../log/format.ts';
import type { Alarm, Emergency, Subject, Tip } from '../ports.ts';
import { createReaderKey } from '../reader/reader-key.ts';
import type { LogAnswer } from '../request/answer.ts';
import { Consortium, headerHashOf, tipOf } from '../testing/consortium.ts';
import { personOf } from '../testing/entries.ts';
import { DOCTOR, headerOf, LABORATORY, MARIA, observation } from '../testing/records.ts';
import { Emergencies, EMERGENCY_MS } from './emergencies.ts';
import { Freshness } from './freshness.ts';
import { Rate } from './rate.ts';

const code = (value: string): unknown => expect.objectContaining({ code: value });

describe('freshness', () => {
  let now: number;
  let own: Tip;
  let alarms: Alarm[];
  let freshness: Freshness;
  let shown: (mspId: string, height: number) => string | undefined;
  let asked: number;
  beforeEach(() => {
    asked = 0;
    shown = (_, height) => headerHashOf(height);
    now = 1_000_000;
    own = tipOf(10);
    alarms = [];
    const ledger = {
      tip: () => own,
      headerHash: (height: number) => (height <= own.height ? headerHashOf(height) : undefined),
      emergency: () => undefined,
      shown: async (mspId: string, height: number) => {
        asked++;
        return shown(mspId, height);
      },
    };
    freshness = new Freshness(
      ledger,
      () => now,
      (alarm) => alarms.push(alarm),
    );
  });

  it('lasts 5 s after another organisation went ahead', async () => {
    freshness.observe('SouthMSP', tipOf(11));
    now += 4_999;
    await freshness.assertFresh(own);
    now += 1;
    await expect(freshness.assertFresh(own)).rejects.toMatchObject({ code: 'STALE' });
    own = tipOf(11);
    await freshness.assertFresh(own);
  });

  it('is not renewed by further blocks that are missed too', async () => {
    for (let height = 11; height <= 70; height++) {
      freshness.observe('SouthMSP', tipOf(height));
      now += 100;
    }
    await expect(freshness.assertFresh(own)).rejects.toMatchObject({ code: 'STALE' });
    await expect(freshness.assertFresh(own)).rejects.toMatchObject({ code: 'STALE' });
    expect(alarms.length).toBe(1);
    expect(alarms.at(-1)).toMatchObject({ code: 'BEHIND', details: { organisation: 'SouthMSP', own: 10 } });
    await expect(freshness.assertFresh(tipOf(60))).resolves.toBeUndefined();
  });

  it('counts every organisation', async () => {
    freshness.observe('SouthMSP', tipOf(10));
    freshness.observe('AuthorityMSP', tipOf(12));
    now += 6_000;
    freshness.observe('AuthorityMSP', tipOf(3));
    await expect(freshness.assertFresh(own)).rejects.toMatchObject({ code: 'STALE' });
  });

  it('does not suffer from a height that nobody shows; who said it is named once', async () => {
    shown = () => undefined;
    for (let round = 0; round < 20; round++) {
      freshness.observe('SouthMSP', { height: 1e9, headerHash: headerHashOf(1) });
      now += 1_000;
      await freshness.assertFresh(own);
    }
    expect(alarms).toEqual([{ code: 'UNPROVED', details: { organisation: 'SouthMSP' } }]);
    expect(asked).toBeLessThan(4);
  });

  it('suffers from what is shown, in spite of an earlier lie', async () => {
    shown = () => undefined;
    freshness.observe('SouthMSP', tipOf(1e9));
    now += 5_000;
    await freshness.assertFresh(own);
    shown = (_, height) => headerHashOf(height);
    now += 5_000;
    freshness.observe('SouthMSP', tipOf(12));
    now += 5_000;
    await expect(freshness.assertFresh(own)).rejects.toMatchObject({ code: 'STALE' });
    expect(asked).toBe(2);
    await expect(freshness.assertFresh(own)).rejects.toMatchObject({ code: 'STALE' });
    expect(asked).toBe(2);
  });

  it('does not end with another block that is not shown, nor with one’s own', async () => {
    for (const [round, answer] of [undefined, headerHashOf(9)].entries()) {
      shown = () => answer;
      freshness.observe('SouthMSP', { height: 9, headerHash: headerHashOf(99) });
      await freshness.assertFresh(own);
      expect(asked).toBe(round + 1);
      now += 5_001;
    }
    expect(alarms).toMatchObject([{ code: 'UNPROVED' }]);
  });

  it('waits for what is being shown, for every decision', async () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    const ledger = {
      tip: () => own,
      headerHash: (height: number) => headerHashOf(height),
      emergency: () => undefined,
      shown: () => promise.then(() => headerHashOf(99)),
    };
    const slow = new Freshness(
      ledger,
      () => now,
      (alarm) => alarms.push(alarm),
    );
    slow.observe('SouthMSP', { height: 9, headerHash: headerHashOf(99) });
    const decisions = Promise.allSettled([slow.assertFresh(own), slow.assertFresh(own)]);
    resolve();
    expect((await decisions).map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  });

  it('ends for ever with two blocks at one height, also when the own peer reaches it later', async () => {
    shown = () => headerHashOf(99);
    freshness.observe('SouthMSP', { height: 12, headerHash: headerHashOf(99) });
    await freshness.assertFresh(own);
    own = tipOf(12);
    await expect(freshness.assertFresh(own)).rejects.toMatchObject({ code: 'FORKED' });
    freshness.observe('SouthMSP', tipOf(12));
    await expect(freshness.assertFresh(own)).rejects.toMatchObject({ code: 'FORKED' });
    expect(alarms).toMatchObject([{ code: 'FORK' }]);
  });
});

describe('the rate', () => {
  it('never lets more than twice the limit through in a minute, and recovers', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(20_000), { minLength: 50, maxLength: 200 }), (gaps) => {
        const rate = new Rate();
        let now = 0;
        const taken: number[] = [];
        for (const gap of gaps) {
          now += gap;
          if (rate.take('key', 5, now)) taken.push(now);
        }
        for (const start of taken) {
          expect(taken.filter((time) => time >= start && time < start + 60_000).length).toBeLessThanOrEqual(
            10,
          );
        }
        expect(rate.take('key', 5, now + 120_000)).toBe(true);
      }),
    );
  });

  it('counts weights, and each key for itself', () => {
    const rate = new Rate();
    expect(rate.take('a', 10, 0, 8)).toBe(true);
    expect(rate.take('a', 10, 0, 3)).toBe(false);
    expect(rate.take('a', 10, 0, 2)).toBe(true);
    expect(rate.take('b', 10, 0, 10)).toBe(true);
  });
});

describe('emergencies', () => {
  const subject: Subject = { mspId: 'SouthMSP', userId: DOCTOR, role: 'doctor' };
  const emergency = (n: number, overrides: Partial<Emergency> = {}): Emergency => ({
    transactionId: n.toString(16).padStart(64, '0'),
    person: personOf(n),
    subject,
    openedAt: 0,
    ...overrides,
  });

  it('last four hours by the own clock', () => {
    const emergencies = new Emergencies([]);
    emergencies.admit(emergency(1), subject, EMERGENCY_MS);
    expect(() => emergencies.admit(emergency(1), subject, EMERGENCY_MS + 1)).toThrow(
      code('EMERGENCY_EXPIRED'),
    );
    expect(() => emergencies.admit(emergency(2, { openedAt: 30_001 }), subject, 0)).toThrow(
      code('EMERGENCY_EXPIRED'),
    );
  });

  it('are for the person who opened them', () => {
    const emergencies = new Emergencies([]);
    expect(() => emergencies.admit(undefined, subject, 0)).toThrow(code('EMERGENCY_INVALID'));
    expect(() => emergencies.admit(emergency(1), { ...subject, userId: MARIA }, 0)).toThrow(
      code('EMERGENCY_INVALID'),
    );
    expect(() => emergencies.admit(emergency(1), { ...subject, mspId: 'NorthMSP' }, 0)).toThrow(
      code('EMERGENCY_INVALID'),
    );
  });

  it('of one person are five patients, counted also over a restart', () => {
    const emergencies = new Emergencies([
      { transactionId: 'x', person: personOf(9), member: 'SouthMSP', userId: DOCTOR, firstAt: 0 },
    ]);
    for (let n = 1; n <= 4; n++) emergencies.admit(emergency(n), subject, 1);
    expect(() => emergencies.admit(emergency(5), subject, 1)).toThrow(code('OVER_LIMIT'));
    emergencies.admit(emergency(3), subject, 1);
    emergencies.admit(emergency(6, { person: personOf(3) }), subject, 1);
    emergencies.admit(emergency(5, { openedAt: EMERGENCY_MS }), subject, EMERGENCY_MS + 1);
  });

  it('of one organisation are sixty in an hour', () => {
    const emergencies = new Emergencies([]);
    for (let n = 0; n < 60; n++) {
      const by = { ...subject, userId: personOf(n) };
      emergencies.admit(emergency(n, { subject: by }), by, 0);
    }
    expect(() => emergencies.admit(emergency(60), subject, 0)).toThrow(code('OVER_LIMIT'));
  });
});

describe('limits', () => {
  const laboratory = {
    header: headerOf(1),
    labels: LABORATORY,
    type: 'Observation',
    resource: observation(1),
  };
  let consortium: Consortium;
  beforeEach(() => {
    consortium = new Consortium();
    consortium.commit([laboratory]);
  });
  afterEach(() => consortium.close());

  it.each(['requestsPerMember', 'requestsPerSubject', 'requestsPerPatient'] as const)(
    '%s: beyond it requests are refused unread and summarised in the patient’s log; an emergency has its own lane',
    async (limit) => {
      await consortium.custodian('NorthMSP').close();
      const north = consortium.open('NorthMSP', { limits: { [limit]: 2 } });
      await consortium.ask([laboratory], ['NorthMSP']);
      await consortium.ask([laboratory], ['NorthMSP']);
      for (let i = 0; i < 3; i++) {
        await expect(consortium.ask([laboratory], ['NorthMSP'])).rejects.toMatchObject({
          code: 'OVER_LIMIT',
          details: { limit },
        });
      }
      const transactionId = 'e'.repeat(64);
      const { mspId, userId } = consortium.doctor.identity;
      consortium.emergencies.set(transactionId, {
        transactionId,
        person: MARIA,
        subject: { mspId, userId },
        openedAt: consortium.time,
      });
      await consortium.ask([laboratory], ['NorthMSP'], { emergency: transactionId, purpose: 'ETREAT' });

      consortium.time += 180_000;
      await north.tick();
      const { log } = await readLog(consortium);
      const entries = log.uncheckpointed.map(({ text }) => parseEntry(text));
      const [summary, ...others] = entries.filter(({ kind }) => kind === 'summary');
      expect(others).toEqual([]);
      expect(summary).toMatchObject({
        person: MARIA,
        count: 3,
        subject: { mspId: 'SouthMSP' },
        since: '2026-03-01T12:00:00.000Z',
      });
    },
  );
  it('of one organisation take nothing from what others may ask about the patient', async () => {
    await consortium.custodian('NorthMSP').close();
    const north = consortium.open('NorthMSP', { limits: { requestsPerPatient: 2 } });
    const unsigned = (): Promise<unknown> => {
      const request = consortium.request([laboratory], createReaderKey());
      const from = { mspId: 'AuthorityMSP', certificate: '' };
      const signed = consortium.sign({ ...request, server: from, subject: from });
      return north.release({ ...signed, serverSignature: '', personSignature: '' }, 'AuthorityMSP');
    };
    for (const refusal of ['UNKNOWN_IDENTITY', 'UNKNOWN_IDENTITY', 'OVER_LIMIT']) {
      await expect(unsigned()).rejects.toMatchObject({ code: refusal });
    }
    expect((await consortium.ask([laboratory], ['NorthMSP'])).answers).toHaveLength(1);
  });
});

async function readLog(consortium: Consortium): Promise<LogAnswer> {
  const { records: _records, ...rest } = consortium.request([], createReaderKey());
  const signed = consortium.sign({ ...rest, kind: 'log', person: MARIA });
  return consortium.custodian('NorthMSP').readLog(signed, 'SouthMSP');
}
