import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, request as httpsRequest, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TLSSocket } from 'node:tls';
import { createNetwork, openNetwork } from '@healthchain/ledger';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { TlsIdentity } from '../context.ts';
import { tlsIdentityFrom } from '../tls-identity.ts';
import { memberOf } from './tls.ts';

const MEMBERS = ['NorthMSP', 'SouthMSP', 'AuthorityMSP'] as const;
let directory: string;
let server: Server;
let identities: Readonly<Record<(typeof MEMBERS)[number], TlsIdentity>>;

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'tls-'));
  await createNetwork({ directory, definition: definition(), now: new Date() });
  const network = openNetwork(directory);
  const [north, south, authority] = MEMBERS.map((mspId) => tlsIdentityFrom(network, mspId));
  identities = {
    NorthMSP: north as TlsIdentity,
    SouthMSP: south as TlsIdentity,
    AuthorityMSP: authority as TlsIdentity,
  };
  const { certificate: cert, privateKey: key, roots } = identities.NorthMSP;
  const ca = Object.values(roots);
  server = createServer(
    { cert, key, ca, requestCert: true, rejectUnauthorized: true, minVersion: 'TLSv1.3' },
    ({ socket }, response) => response.end(memberOf(socket as TLSSocket, identities.NorthMSP) ?? 'nobody'),
  );
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
  rmSync(directory, { recursive: true });
});

test.each(MEMBERS)('the TLS certificate of %s makes its member', async (mspId) => {
  expect(await nameOf(identities[mspId], identities[mspId].certificate)).toBe(mspId);
});

test.each(MEMBERS)(
  'sending the root of %s beside the own certificate makes nobody that member',
  async (mspId) => {
    const own = identities.SouthMSP;
    expect(await nameOf(own, `${own.certificate}\n${own.roots[mspId]}`)).toBe('SouthMSP');
  },
);

test('roots of all members in one chain change nothing', async () => {
  const own = identities.SouthMSP;
  const all = [own.certificate, ...Object.values(own.roots)].join('\n');
  expect(await nameOf(own, all)).toBe('SouthMSP');
});

/** What the server takes a client for that sends these certificates, its own first. */
function nameOf({ privateKey: key, roots }: TlsIdentity, cert: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const { port } = server.address() as AddressInfo;
    const options = { host: '127.0.0.1', port, cert, key, ca: roots['NorthMSP'], agent: false as const };
    const request = httpsRequest({ ...options, checkServerIdentity: () => undefined }, (response) => {
      response.setEncoding('utf8');
      let text = '';
      response.on('data', (chunk: string) => (text += chunk));
      response.on('end', () => resolve(text));
    });
    request.on('error', reject);
    request.end();
  });
}

function definition() {
  return {
    organisations: MEMBERS.map((mspId) => {
      const name = mspId.slice(0, -'MSP'.length).toLowerCase();
      return { name, mspId, domain: `${name}.test`, peers: 1, orderers: 1 };
    }),
    channels: [
      {
        name: 'care',
        members: [...MEMBERS],
        contracts: [{ name: 'health', version: '1.0', endorsement: `OutOf(1, 'NorthMSP.peer')` }],
        schedule: 'round-robin' as const,
      },
    ],
  };
}
