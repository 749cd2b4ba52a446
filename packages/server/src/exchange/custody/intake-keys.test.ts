import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Caller } from '../../ports.ts';
import { requestOf, startConsortium, until, type TestConsortium } from '../harness/consortium.ts';
import {
  bindKey,
  createPatient,
  observation,
  readIds,
  writeEverywhere,
  type KnownPatient,
} from '../harness/records.ts';
import { openHealthClient } from '../sessions/health-client.ts';

let consortium: TestConsortium;
let doctor: Caller;
let maria: Caller;
let known: KnownPatient;

beforeAll(async () => {
  consortium = await startConsortium();
  const { north, authority } = consortium.servers;
  doctor = await north.user('doctor');
  maria = await authority.user('patient', 'PATRQT');
  known = await createPatient(north, doctor, 'urn:national|maria');
  await bindKey(consortium, maria, known.person);
});
afterAll(() => consortium.close());

async function keysOfSouth() {
  const { south } = consortium.servers;
  const client = openHealthClient({
    mspId: 'SouthMSP',
    channel: 'care',
    gateways: south.context.gateways.slice(0, 1),
    keyPair: south.context.server,
  });
  return (await client.custody.getIntakeKeys({ mspId: 'SouthMSP' })).keys;
}

test('records sealed before, during and after a rotation open; the old key ends closed', async () => {
  const { north, south, authority } = consortium.servers;
  const [old] = await keysOfSouth();
  const writing = Array.from({ length: 30 }, async (_, i) => {
    if (i === 10) await south.exchange.rotateIntakeKey('care');
    const operation = observation(known, { value: i });
    await north.exchange.write(requestOf(doctor, 'create'), [operation]);
    return operation.recordId;
  });
  const records = await Promise.all(writing);
  await until(async () => {
    await writeEverywhere(consortium, north, doctor, [observation(known)]);
    return (await keysOfSouth()).find(({ keyId }) => keyId === old?.keyId)?.state === 'closed';
  });
  await north.exchange.stopCustodian();
  const versions = await Promise.all(records.map((id) => authority.exchange.versions(id)));
  expect(await readIds(authority, maria, versions.flat())).toEqual([...records].sort());
  await north.exchange.startCustodian();
});
