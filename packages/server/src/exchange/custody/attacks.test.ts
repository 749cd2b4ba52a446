import { readdirSync, statSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { join } from 'node:path';
import { Agent, request as httpsRequest } from 'node:https';
import { fromBase64, randomUuid, toBase64 } from '@healthchain/core';
import {
  signRequest,
  ecdsaSigner,
  createReaderKey,
  parseRequest,
  type ReadRequest,
} from '@healthchain/custody';
import { channelConfigFrom } from '@healthchain/ledger';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Caller, LedgerVersion } from '../../ports.ts';
import {
  requestOf,
  startConsortium,
  until,
  type TestConsortium,
  type TestServer,
} from '../harness/consortium.ts';
import {
  appliedEverywhere,
  bindKey,
  consent,
  createPatient,
  observation,
  readIds,
  writeEverywhere,
  type KnownPatient,
} from '../harness/records.ts';
import { blockEvidence } from './block-evidence.ts';
import { CustodyClient } from './client.ts';
import { CUSTODY_ROUTES, MAX_BODY_BYTES } from './protocol.ts';

let consortium: TestConsortium;
let southDoctor: Caller;
let maria: Caller;
let known: KnownPatient;
let laboratory: string;

beforeAll(async () => {
  consortium = await startConsortium();
  const { north, south, authority } = consortium.servers;
  const northDoctor = await north.user('doctor');
  southDoctor = await south.user('doctor');
  maria = await authority.user('patient', 'PATRQT');
  known = await createPatient(north, northDoctor, 'urn:national|maria');
  await bindKey(consortium, maria, known.person);
  const operation = observation(known);
  laboratory = operation.recordId;
  await writeEverywhere(consortium, north, northDoctor, [operation]);
});
afterAll(() => consortium.close());

async function laboratoryHead(): Promise<readonly LedgerVersion[]> {
  return consortium.servers.south.exchange.versions(laboratory);
}

async function grant(): Promise<string> {
  const { exchange } = consortium.servers.authority;
  const body = consent(known.patientId, { to: southDoctor, categories: ['laboratory'] });
  const granted = await exchange.faces['Consent']?.create?.(requestOf(maria, 'create'), body);
  await appliedEverywhere(consortium, exchange.status().channels[0]?.applied ?? 0);
  return granted?.resource['id'] as string;
}

async function revoke(id: string): Promise<void> {
  const { exchange } = consortium.servers.authority;
  const shown = await exchange.faces['Consent']?.read(requestOf(maria), id);
  await exchange.faces['Consent']?.update?.(
    requestOf(maria, 'update'),
    id,
    { ...shown?.resource, status: 'inactive' },
    '1',
  );
}

describe('custodians that fail', () => {
  test('one custodian may be down, whichever it is', async () => {
    const id = await grant();
    for (const server of Object.values(consortium.servers)) {
      await server.exchange.stopCustodian();
      expect(await readIds(consortium.servers.south, southDoctor, await laboratoryHead())).toEqual([
        laboratory,
      ]);
      await server.exchange.startCustodian();
    }
    await revoke(id);
  });

  test('with two down the answer is that it is unavailable, not that it is refused', async () => {
    const { north, authority, south } = consortium.servers;
    await Promise.all([north.exchange.stopCustodian(), authority.exchange.stopCustodian()]);
    const reading = south.exchange.open(requestOf(southDoctor), await laboratoryHead());
    await expect(reading).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    await Promise.all([north.exchange.startCustodian(), authority.exchange.startCustodian()]);
  });

  test('a custodian whose peer was paused during the revocation does not release', async () => {
    const id = await grant();
    expect(await readIds(consortium.servers.south, southDoctor, await laboratoryHead())).toEqual([
      laboratory,
    ]);
    await consortium.engine.pause('peer0.north');
    await revoke(id);
    const { south, authority } = consortium.servers;
    const revokedAt = authority.exchange.status().channels[0]?.applied ?? 0;
    await until(() => (south.exchange.status().channels[0]?.applied ?? -1) >= revokedAt);
    expect(await readIds(south, southDoctor, await laboratoryHead())).toEqual([]);
    await consortium.engine.resume('peer0.north');
    await appliedEverywhere(consortium, revokedAt);
    expect(await readIds(south, southDoctor, await laboratoryHead())).toEqual([]);
  });

  test('an altered share is found, its custodian named, and the record opened with the others', async () => {
    const id = await grant();
    const { south } = consortium.servers;
    const before = south.log.length;
    const restore = alterShare(south);
    expect(await readIds(south, southDoctor, await laboratoryHead())).toEqual([laboratory]);
    restore();
    const alarms = south.log.slice(before).filter(({ level }) => level === 'alarm');
    expect(alarms).toMatchObject([
      { event: 'custodian misbehaved', fields: { custodian: 'SouthMSP', code: 'SHARE_MISMATCH' } },
    ]);
    await revoke(id);
  });
});

describe('authors that lie', () => {
  test('a sensitivity that the author left out is shown to nobody elsewhere', async () => {
    const id = await grant();
    const { north, south } = consortium.servers;
    const operation = observation(known);
    const aids = { coding: [{ system: 'http://hl7.org/fhir/sid/icd-10', code: 'B20' }] };
    const lie = { ...operation, resource: { ...operation.resource, code: aids } };
    await writeEverywhere(consortium, north, await north.user('doctor'), [lie]);
    const heads = await south.exchange.versions(lie.recordId);
    expect(await readIds(south, southDoctor, heads)).toEqual([]);
    expect(south.log.filter(({ level }) => level === 'alarm').at(-1)).toMatchObject({
      event: 'resource is not what its header says',
      fields: { author: 'NorthMSP' },
    });
    await revoke(id);
  });
});

describe('requests that are not what they seem', () => {
  test('a request replayed unchanged gets the same answer and leaves one entry', async () => {
    const id = await grant();
    const { south, authority } = consortium.servers;
    const request = await signedRead(south, southDoctor);
    const client = clientOf(south, 'NorthMSP');
    const first = await client.call('release', { channel: 'care', request });
    const second = await client.call('release', { channel: 'care', request });
    expect(second.entries).toEqual(first.entries);
    client.close();
    const { channels } = await authority.exchange.exportAccessLog(requestOf(maria), known.person);
    const log = channels[0]?.bundle.custodians.find(({ custodian }) => custodian === 'NorthMSP');
    const texts = [...(log?.entries ?? []), ...(log?.uncheckpointed ?? [])].map(({ text }) => text);
    expect(texts.filter((text) => text.includes(parseRequest(request).id))).toHaveLength(1);
    await revoke(id);
  });

  test('the same id with other bytes, a forged person, an expired request are refused', async () => {
    const { south } = consortium.servers;
    const client = clientOf(south, 'NorthMSP');
    const request = await signedRead(south, southDoctor);
    await client.call('release', { channel: 'care', request });
    const other = await signedRead(south, southDoctor, { id: parseRequest(request).id });
    await expect(client.call('release', { channel: 'care', request: other })).rejects.toMatchObject({
      custodyCode: 'REQUEST_ID_REUSED',
    });
    const forged = await signedRead(south, southDoctor, {}, await south.user('nurse'));
    await expect(client.call('release', { channel: 'care', request: forged })).rejects.toMatchObject({
      custodyCode: 'BAD_SIGNATURE',
    });
    const late = await signedRead(south, southDoctor, {
      notAfter: new Date(Date.now() - 60_000).toISOString(),
    });
    await expect(client.call('release', { channel: 'care', request: late })).rejects.toMatchObject({
      custodyCode: 'EXPIRED',
    });
    client.close();
  });

  test('a lie about a block ends the liar’s request and nobody else’s', async () => {
    const id = await grant();
    const { south, north } = consortium.servers;
    const client = clientOf(south, 'NorthMSP');
    const { height } = await tip();
    const lie = { height, headerHash: '0'.repeat(64) };
    const lying = client.call('release', {
      channel: 'care',
      request: await signedRead(south, southDoctor, { ledger: lie }),
    });
    await expect(lying).rejects.toMatchObject({ custodyCode: 'FORKED' });
    await client.call('release', { channel: 'care', request: await signedRead(south, southDoctor) });
    client.close();
    const alarms = north.log.filter(({ level, event }) => level === 'alarm' && event === 'UNPROVED');
    expect(alarms).toMatchObject([{ fields: { organisation: 'SouthMSP' } }]);
    await revoke(id);
  });

  test('a block is shown by what its orderers signed, and by nothing else', async () => {
    const client = clientOf(consortium.servers.south, 'NorthMSP');
    const { height, headerHash } = await tip();
    const config = channelConfigFrom(consortium.engine.network.genesis('care'));
    const shown = (alter: (proof: Uint8Array) => Uint8Array) =>
      blockEvidence({
        channel: 'care',
        config: () => config,
        others: [
          {
            mspId: 'NorthMSP',
            call: async (...args) => {
              const answer = await client.call(...args);
              return 'proof' in answer ? { proof: toBase64(alter(fromBase64(answer.proof))) } : answer;
            },
          } as Pick<CustodyClient, 'mspId' | 'call'>,
        ],
      });
    const honest = shown((proof) => proof);
    expect(await honest('NorthMSP', height)).toBe(headerHash);
    expect(await honest('NorthMSP', height + 1_000)).toBeUndefined();
    expect(await honest('SouthMSP', height)).toBeUndefined();
    const forged = shown((proof) => proof.with(20, (proof[20] as number) ^ 1));
    expect(await forged('NorthMSP', height)).toBeUndefined();
    client.close();
  });

  test('a request of one member that comes under the TLS certificate of another is refused', async () => {
    const { south, authority } = consortium.servers;
    const client = clientOf(authority, 'NorthMSP');
    const request = await signedRead(south, southDoctor);
    await expect(client.call('release', { channel: 'care', request })).rejects.toMatchObject({
      custodyCode: 'WRONG_MEMBER',
    });
    client.close();
  });

  test('without a TLS certificate of a member there is no connection', async () => {
    const { north, south } = consortium.servers;
    const url = north.context.members.find(({ mspId }) => mspId === 'NorthMSP')?.custodyUrl ?? '';
    const root = south.context.tls.roots['NorthMSP'];
    await expect(post(url, { ca: root as string }, '{}')).rejects.toThrow();
  });

  test('a body over the limit is cut off', async () => {
    const { south } = consortium.servers;
    const { certificate: cert, privateKey: key, roots } = south.context.tls;
    const url = south.context.members.find(({ mspId }) => mspId === 'NorthMSP')?.custodyUrl ?? '';
    const body = JSON.stringify({ channel: 'care', padding: 'x'.repeat(MAX_BODY_BYTES) });
    await expect(post(url, { cert, key, ca: roots['NorthMSP'] as string }, body)).resolves.toBe(413);
  });
});

test('every file of a server is its owner’s alone', () => {
  const { directory } = consortium.servers.north;
  const entries = readdirSync(directory, { recursive: true, withFileTypes: true });
  const open = entries
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((path) => (statSync(path).mode & 0o077) !== 0);
  expect(entries.length).toBeGreaterThan(10);
  expect(open).toEqual([]);
});

describe('certificates that an organisation gives itself', () => {
  test.each(['regulator', 'patient', 'emergency-staff'] as const)(
    'a hospital’s %s reads nobody’s access log',
    async (role) => {
      const { north } = consortium.servers;
      const impostor = await north.user(role, 'HOPERAT');
      const reading = north.exchange.exportAccessLog(requestOf(impostor), known.person);
      await expect(reading).rejects.toMatchObject({ code: 'FORBIDDEN' });
    },
  );

  test('the authority’s regulator does', async () => {
    const { authority } = consortium.servers;
    const regulator = await authority.user('regulator', 'HOPERAT');
    const { channels } = await authority.exchange.exportAccessLog(requestOf(regulator), known.person);
    expect(channels[0]?.bundle.custodians).toHaveLength(3);
  });
});

/** What is asked of a vault that somebody changed on disk. Returns how to put it back. */
function alterShare(server: TestServer): () => void {
  const database = new DatabaseSync(join(server.directory, 'custody', 'care', 'vault.sqlite'));
  const { y } = database.prepare('SELECT y FROM shares WHERE record_id = ?').get(laboratory) as {
    y: Uint8Array;
  };
  const set = (bytes: Uint8Array): void => {
    database.prepare('UPDATE shares SET y = ? WHERE record_id = ?').run(bytes, laboratory);
  };
  set(y.map((byte) => byte ^ 1));
  return () => {
    set(y);
    database.close();
  };
}

async function tip() {
  const client = clientOf(consortium.servers.south, 'NorthMSP');
  const answer = await client.call('height', { channel: 'care' });
  client.close();
  return answer;
}

function clientOf(from: TestServer, to: string): CustodyClient {
  const member = from.context.members.find(({ mspId }) => mspId === to);
  if (member === undefined) throw new Error(`No member ${to}`);
  return new CustodyClient(member, from.context.tls);
}

/** A read of the laboratory record, signed by `signer` (the caller unless a forgery is wanted) and the server. */
async function signedRead(
  server: TestServer,
  caller: Caller,
  change: Partial<ReadRequest> = {},
  signer: Caller = caller,
) {
  const { keystore } = server.exchange;
  const { mspId, server: serverPair } = server.context;
  const request: ReadRequest = {
    id: randomUuid(),
    channel: 'care',
    readerKey: createReaderKey().publicKey,
    custodians: ['AuthorityMSP', 'NorthMSP', 'SouthMSP'],
    ledger: await tip(),
    notAfter: new Date(Date.now() + 20_000).toISOString(),
    server: { mspId, certificate: serverPair.certificate },
    kind: 'read',
    subject: { mspId, certificate: keystore.keyPair(caller.userId).certificate },
    purpose: 'TREAT',
    assurance: 'server-key',
    person: known.person,
    records: [{ recordId: laboratory, version: 1 }],
    ...change,
  };
  return signRequest(request, {
    server: ecdsaSigner(serverPair.privateKey),
    person: ecdsaSigner(keystore.keyPair(signer.userId).privateKey),
  });
}

function post(
  url: string,
  tls: { readonly cert?: string; readonly key?: string; readonly ca: string },
  body: string,
): Promise<number> {
  return new Promise((resolve, reject) => {
    const agent = new Agent({ ...tls, minVersion: 'TLSv1.3', checkServerIdentity: () => undefined });
    const request = httpsRequest(`${url}${CUSTODY_ROUTES.release}`, { agent, method: 'POST' }, (response) => {
      response.resume();
      response.on('end', () => resolve(response.statusCode ?? 0));
      response.on('error', reject);
    });
    request.on('error', reject);
    request.end(body);
  });
}
