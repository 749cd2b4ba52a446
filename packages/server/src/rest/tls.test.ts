import { mkdtempSync, rmSync } from 'node:fs';
import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createNetwork } from '@healthchain/ledger';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { buildServer } from './server.ts';
import { Consortium } from './testing/consortium.ts';
import { serverOf } from './testing/harness.ts';

const MSP = 'NorthMSP';
let directory: string;
let app: ReturnType<typeof buildServer>;
let ca: string;

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'https-'));
  const organisations = [{ name: 'north', mspId: MSP, domain: 'north.test', peers: 1, orderers: 1 }];
  const contracts = [{ name: 'health', version: '1.0', endorsement: `OutOf(1, '${MSP}.peer')` }];
  const channels = [{ name: 'care', members: [MSP], contracts, schedule: 'round-robin' as const }];
  const network = await createNetwork({
    directory,
    definition: { organisations, channels },
    now: new Date(),
  });
  const identity = network.tlsIdentity(MSP);
  ca = identity.ca;
  const { context } = await serverOf(new Consortium(), 'north');
  app = buildServer(context, { cert: identity.cert, key: identity.key });
  await app.listen({ host: '127.0.0.1', port: 0 });
});
afterAll(async () => {
  await app.close();
  rmSync(directory, { recursive: true });
});

function statusOf(scheme: 'http' | 'https'): Promise<number> {
  const { port } = app.server.address() as AddressInfo;
  const target = { host: '127.0.0.1', port, path: '/fhir/metadata', agent: false as const };
  return new Promise((resolve, reject) => {
    const send = scheme === 'http' ? httpRequest : httpsRequest;
    const secure = scheme === 'http' ? {} : { ca, checkServerIdentity: () => undefined };
    const request = send({ ...target, ...secure }, (response) => {
      response.resume();
      resolve(response.statusCode ?? 0);
    });
    request.on('error', reject);
    request.end();
  });
}

it('answers over TLS, and nothing in clear', async () => {
  expect(await statusOf('https')).toBe(200);
  await expect(statusOf('http')).rejects.toThrow();
});
