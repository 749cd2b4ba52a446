import { fromBase64 } from '@healthchain/core';
import { decodeBlock } from '@healthchain/ledger';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Caller, LedgerVersion } from '../ports.ts';
import type { ChannelLogExport } from './export.ts';
import { verifyLogExport } from './verify-export.ts';
import { requestOf, startConsortium, until, type TestConsortium } from './harness/consortium.ts';
import {
  appliedEverywhere,
  bindKey,
  consent,
  createPatient,
  observation,
  readIds,
  writeEverywhere,
  type KnownPatient,
} from './harness/records.ts';

let consortium: TestConsortium;
let northDoctor: Caller;
let southDoctor: Caller;
let maria: Caller;
let known: KnownPatient;
let laboratory: string;
let restricted: string;
let vitals: string;

beforeAll(async () => {
  consortium = await startConsortium();
  const { north, south, authority } = consortium.servers;
  northDoctor = await north.user('doctor');
  southDoctor = await south.user('doctor');
  maria = await authority.user('patient', 'PATRQT');
  known = await createPatient(north, northDoctor, 'urn:national|maria');
  await bindKey(consortium, maria, known.person);
  const operations = [
    observation(known),
    observation(known, { confidentiality: 'R', sensitivities: ['HIV'] }),
    observation(known, { category: 'vital-signs' }),
  ];
  [laboratory, restricted, vitals] = operations.map(({ recordId }) => recordId) as [string, string, string];
  await writeEverywhere(consortium, north, northDoctor, operations);
});
afterAll(() => consortium.close());

function heads(): Promise<readonly LedgerVersion[]> {
  return consortium.servers.south.exchange.listPerson(known.person);
}

describe('the ledger as this server sees it', () => {
  test('every server lists the records of the person; above N only restricted shows', async () => {
    const listed = await heads();
    expect(listed).toHaveLength(4);
    expect(listed.find(({ recordId }) => recordId === restricted)?.categories).toEqual(['restricted']);
    const { south } = consortium.servers;
    expect(await south.exchange.persons.ofPatient(known.patientId)).toBe(known.person);
    expect(await consortium.servers.authority.exchange.persons.ofCaller(maria)).toBe(known.person);
  });

  test('the store of the author holds the plaintext, that of others nothing of it', () => {
    const { north, south } = consortium.servers;
    expect(north.store.get('Observation', laboratory)?.text).toContain('"value":7.1');
    expect(south.store.get('Observation', laboratory)).toBeUndefined();
  });
});

describe('reading at another organisation', () => {
  test('without a grant nothing opens; the patient opens everything', async () => {
    const { south, authority } = consortium.servers;
    expect(await readIds(south, southDoctor, await heads())).toEqual([]);
    expect(await readIds(authority, maria, await heads())).toHaveLength(4);
  });

  test('a grant of laboratory opens that and nothing labelled R, until it is revoked', async () => {
    const { south, authority } = consortium.servers;
    const face = authority.exchange.faces['Consent'];
    const granted = await face?.create?.(
      requestOf(maria, 'create'),
      consent(known.patientId, { to: southDoctor, categories: ['laboratory'] }),
    );
    const id = granted?.resource['id'] as string;
    await appliedEverywhere(consortium, authority.exchange.status().channels[0]?.applied ?? 0);
    expect(await readIds(south, southDoctor, await heads())).toEqual([laboratory]);
    const shown = await face?.read(requestOf(maria), id);
    const revoked = await face?.update?.(
      requestOf(maria, 'update'),
      id,
      { ...shown?.resource, status: 'inactive' },
      '1',
    );
    expect(revoked?.resource['status']).toBe('inactive');
    await appliedEverywhere(consortium, authority.exchange.status().channels[0]?.applied ?? 0);
    expect(await readIds(south, southDoctor, await heads())).toEqual([]);
    expect(vitals).toBeDefined();
  });

  test('what a Consent says and nobody enforces is refused by the name of its element', async () => {
    const face = consortium.servers.authority.exchange.faces['Consent'];
    const body = consent(known.patientId, { to: southDoctor });
    const provision = { ...(body['provision'] as object), dataPeriod: { start: '2024' } };
    const refusal = face?.create?.(requestOf(maria, 'create'), { ...body, provision });
    await expect(refusal).rejects.toMatchObject({
      code: 'INVALID',
      details: { expression: 'Consent.provision.dataPeriod' },
    });
  });

  test('an emergency opens N and R without a grant', async () => {
    const { south } = consortium.servers;
    const opened = await south.exchange.breakGlass(
      requestOf(southDoctor, '$break-glass'),
      known.person,
      'UNCONSCIOUS',
    );
    expect(opened.transactionId).toMatch(/^[0-9a-f]{64}$/);
    expect(await readIds(south, southDoctor, await heads())).toHaveLength(4);
  });
});

describe('the access log', () => {
  test('the patient sees refusals and releases, joined over the custodians', async () => {
    const { authority } = consortium.servers;
    const events =
      (await authority.exchange.faces['AuditEvent']?.search(
        requestOf(maria, 'search-type'),
        new URLSearchParams(),
      )) ?? [];
    const outcomes = events.map(({ resource }) => resource['outcome']);
    expect(outcomes).toContain('8');
    expect(outcomes).toContain('0');
    const emergency = events.find(({ resource }) =>
      JSON.stringify(resource['purposeOfEvent']).includes('ETREAT'),
    );
    expect(emergency).toBeDefined();
  });

  test('a doctor of another organisation does not see it', async () => {
    const { south } = consortium.servers;
    const search = south.exchange.faces['AuditEvent']?.search(
      requestOf(southDoctor),
      new URLSearchParams({ patient: known.patientId }),
    );
    await expect(search).rejects.toMatchObject({ code: 'FORBIDDEN' });
  });

  test('the export carries proofs of every custodian and the blocks with their checkpoints', async () => {
    const { authority } = consortium.servers;
    await until(async () => {
      const { channels } = await authority.exchange.exportAccessLog(requestOf(maria), known.person);
      return channels[0]?.bundle.custodians.every(({ checkpoint }) => checkpoint !== null) === true;
    });
    const { channels } = await authority.exchange.exportAccessLog(requestOf(maria), known.person);
    expect(channels[0]?.missing).toEqual([]);
    expect(channels[0]?.checkpoints).toHaveLength(3);
    for (const { block, blockNumber, transactionId } of channels[0]?.checkpoints ?? []) {
      const { number, transactions } = decodeBlock(fromBase64(block));
      expect(number).toBe(BigInt(blockNumber));
      expect(transactions.map(({ txId }) => txId)).toContain(transactionId);
    }
  });

  test('the proofs hold against the blocks alone; an entry that is taken out is named', async () => {
    const { authority } = consortium.servers;
    const { channels } = await authority.exchange.exportAccessLog(requestOf(maria), known.person);
    const [care] = channels as [ChannelLogExport];
    const last = Math.max(...care.checkpoints.map(({ blockNumber }) => blockNumber));
    const fetched = Array.from({ length: last + 1 }, (_, number) =>
      consortium.engine.block('peer0.south', 'care', number),
    );
    const blocks = (await Promise.all(fetched)).map((block) => decodeBlock(block));
    const report = verifyLogExport(care, blocks);
    expect(report.findings.filter(({ severity }) => severity === 'breach')).toEqual([]);
    expect(report.accesses.some(({ status }) => status === 'proved')).toBe(true);
    const [first, ...others] = care.bundle.custodians;
    const entries = first?.entries.filter((_, i) => i !== 1) ?? [];
    const cut = { ...care.bundle, custodians: [{ ...first, entries } as (typeof others)[number], ...others] };
    const broken = verifyLogExport({ ...care, bundle: cut }, blocks);
    expect(broken.ok).toBe(false);
    expect(broken.findings.map(({ custodian }) => custodian)).toContain(first?.custodian);
  });
});

test('the deleted store is rebuilt from ledger and custodians, byte for byte', async () => {
  const { north } = consortium.servers;
  const before = north.store.versions('Observation', restricted);
  await north.restart({ dropStore: true });
  await until(() => north.exchange.ready());
  expect(north.store.get('Observation', restricted)).toBeUndefined();
  const outcome = await north.exchange.rebuild(() => undefined);
  expect(outcome.failed).toBe(0);
  expect(north.store.versions('Observation', restricted)).toEqual(before);
});

test('a record of confidentiality V is its author’s, of nobody else in the organisation', async () => {
  const { north } = consortium.servers;
  const colleague = await north.user('doctor');
  const patient = await createPatient(north, northDoctor, 'urn:national|sam');
  const operation = observation(patient, { confidentiality: 'V', sensitivities: ['PSY'] });
  await writeEverywhere(consortium, north, northDoctor, [operation]);
  const stored = north.store.get('Observation', operation.recordId);
  const item = {
    recordId: operation.recordId,
    version: 1,
    persons: [patient.person],
    type: 'Observation',
    author: 'NorthMSP',
    labels: stored?.labels ?? operation.labels,
  };
  const decided = async (caller: Caller) => (await north.exchange.decide(requestOf(caller), [item]))[0];
  expect(await decided(northDoctor)).toMatchObject({ permit: true });
  expect(await decided(colleague)).toEqual({ permit: false, code: 'VERY_RESTRICTED' });
});
