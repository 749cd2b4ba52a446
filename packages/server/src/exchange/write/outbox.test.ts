import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Caller } from '../../ports.ts';
import { requestOf, startConsortium, until, type TestConsortium } from '../harness/consortium.ts';
import { createPatient, observation, type KnownPatient } from '../harness/records.ts';
import type { CrashPoint } from './crash-point.ts';

let consortium: TestConsortium;
let doctor: Caller;
let known: KnownPatient;

beforeAll(async () => {
  consortium = await startConsortium();
  doctor = await consortium.servers.north.user('doctor');
  known = await createPatient(consortium.servers.north, doctor, 'urn:national|maria');
});
afterAll(() => consortium.close());

class Crash extends Error {}

/** From which step on the orderers may have the transaction, so that it must be finished. */
const POINTS: readonly (readonly [CrashPoint, boolean])[] = [
  ['sealed', false],
  ['endorsed', false],
  ['in outbox', true],
  ['submitted', true],
  ['settled', true],
];

describe.each(POINTS)('a process that ends when the write is %s', (point, isFinished) => {
  test(isFinished ? 'is finished at the next start' : 'leaves nothing', async () => {
    const { north } = consortium.servers;
    await north.restart({
      crash: (at) => {
        if (at === point) throw new Crash(point);
      },
    });
    const operation = observation(known);
    const keep = { repeat: { key: point, fingerprint: 'f'.repeat(64) }, answer: operation.recordId };
    await expect(north.exchange.write(requestOf(doctor, 'create'), [operation], keep)).rejects.toThrow(Crash);
    await north.restart();
    await until(() => north.exchange.ready());
    const kept = north.exchange.answers.find(doctor, point);
    const onLedger = await north.exchange.versions(operation.recordId);
    const stored = north.store.versions('Observation', operation.recordId);
    expect(stored).toHaveLength(isFinished ? 1 : 0);
    expect(stored.map(({ transactionId }) => transactionId)).toEqual(
      onLedger.map(({ transactionId }) => transactionId),
    );
    expect(north.exchange.status()).toMatchObject({ outbox: 0, missing: 0 });
    expect(kept).toEqual(
      isFinished
        ? {
            fingerprint: 'f'.repeat(64),
            answer: operation.recordId,
            isSettled: true,
            lastUpdated: stored[0]?.lastUpdated,
          }
        : undefined,
    );
  });
});

test('a write waits for orderers that come back, and is committed once', async () => {
  const { north } = consortium.servers;
  const orderers = ['orderer0.north', 'orderer0.south', 'orderer0.authority'];
  for (const orderer of orderers) await consortium.engine.stop(orderer);
  const operation = observation(known);
  const writing = north.exchange.write(requestOf(doctor, 'create'), [operation]);
  await until(() => north.exchange.status().outbox === 1);
  for (const orderer of orderers) await consortium.engine.start(orderer);
  await writing;
  expect(await north.exchange.versions(operation.recordId)).toHaveLength(1);
  expect(north.exchange.status().outbox).toBe(0);
});

test('with the own peer stopped a write goes through another gateway, and its effect is in the store', async () => {
  const { north } = consortium.servers;
  await consortium.engine.stop('peer0.north');
  const operation = observation(known);
  await north.exchange.write(requestOf(doctor, 'create'), [operation]);
  expect(north.store.get('Observation', operation.recordId)).toBeDefined();
  await expect(
    north.exchange.decide(requestOf(doctor), [
      {
        recordId: operation.recordId,
        version: 1,
        persons: [known.person],
        author: 'NorthMSP',
        labels: operation.labels,
      },
    ]),
  ).rejects.toMatchObject({ code: 'UNAVAILABLE' });
  await consortium.engine.start('peer0.north');
});

test('two writes of one version: one is committed, the other is a conflict', async () => {
  const { north } = consortium.servers;
  const operation = observation(known);
  const other = { ...operation, resource: { ...operation.resource, status: 'amended' } };
  const outcomes = await Promise.allSettled(
    [operation, other].map((each) => north.exchange.write(requestOf(doctor, 'create'), [each])),
  );
  expect(outcomes.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
  const [refused] = outcomes.flatMap((outcome) =>
    outcome.status === 'rejected' ? [outcome.reason as unknown] : [],
  );
  expect(refused).toMatchObject({ code: 'CONFLICT' });
});
