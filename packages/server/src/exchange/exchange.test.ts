import { afterAll, beforeAll, expect, test } from 'vitest';
import { randomUuid } from '@healthchain/core';
import type { Caller, ExactResource, WriteOperation } from '../ports.ts';
import { requestOf, startConsortium, type TestConsortium } from './harness/consortium.ts';

let consortium: TestConsortium;
let doctor: Caller;

beforeAll(async () => {
  consortium = await startConsortium();
  doctor = await consortium.servers.north.user('doctor');
});
afterAll(() => consortium.close());

test('a doctor registers a person and writes a Patient', async () => {
  const { north } = consortium.servers;
  const context = requestOf(doctor, 'create');
  const person = await north.exchange.persons.forNewPatient(context, ['urn:id|1']);
  const recordId = randomUuid();
  const operations: WriteOperation[] = [
    {
      kind: 'put',
      recordId,
      version: 1,
      type: 'Patient',
      resource: { resourceType: 'Patient', id: recordId, active: true } as ExactResource,
      persons: [person],
      labels: { categories: ['demographics'], confidentiality: 'N', sensitivities: [] },
      relation: false,
    },
  ];
  const result = await north.exchange.write(context, operations);
  expect(north.store.get('Patient', recordId)?.transactionId).toBe(result.transactionId);
});
