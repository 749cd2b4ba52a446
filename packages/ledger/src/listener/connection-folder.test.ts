import { execFile } from 'node:child_process';
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import * as grpc from '@grpc/grpc-js';
import { connect, hash } from '@hyperledger/fabric-gateway';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { nativeSigner } from '../crypto/index.ts';
import { startTestNetwork, text, type TestNetwork } from '../engine/testing.ts';
import { listen, writeConnectionFolder, type Listener } from './index.ts';

let network: TestNetwork;
let listener: Listener;
let folder: string;

beforeAll(async () => {
  network = await startTestNetwork();
  listener = await listen(network.engine);
  folder = join(network.directory, "it's grpc");
  await writeConnectionFolder(network.engine, listener, { folder });
});

afterAll(async () => {
  await listener.close();
  await network.close();
});

/** The variables of a file as a shell has them after reading it. */
async function variablesOf(file: string): Promise<Record<string, string>> {
  const { stdout } = await promisify(execFile)('sh', ['-c', '. "$1" && env -0', 'sh', file]);
  const pairs = stdout.split('\0').map((line) => {
    const end = line.indexOf('=');
    return [line.slice(0, end), line.slice(end + 1)];
  });
  return Object.fromEntries(pairs) as Record<string, string>;
}

it('is enough for a client to read and write', async () => {
  const variables = await variablesOf(join(folder, 'south', 'peer.env'));
  const file = (...parts: string[]) => readFile(join(variables['CORE_PEER_MSPCONFIGPATH'] ?? '', ...parts));
  const root = await readFile(variables['CORE_PEER_TLS_ROOTCERT_FILE'] ?? '');
  const address = variables['CORE_PEER_ADDRESS'] ?? '';
  const client = new grpc.Client(address, grpc.credentials.createSsl(root), {
    'grpc.ssl_target_name_override': 'localhost',
  });
  const gateway = connect({
    client,
    identity: {
      mspId: variables['CORE_PEER_LOCALMSPID'] ?? '',
      credentials: await file('signcerts', 'cert.pem'),
    },
    signer: nativeSigner(text(await file('keystore', 'key_sk'))),
    hash: hash.none,
  });
  const contract = gateway.getNetwork('care').getContract('kv');
  await contract.submitTransaction('put', 'k', 'from the folder');
  expect(text(await contract.evaluateTransaction('get', 'k'))).toBe('"from the folder"');
  gateway.close();
  client.close();
});

it('names an orderer of the own organisation and a peer of each member, by channel', async () => {
  const variables = await variablesOf(join(folder, 'north', 'peer.env'));
  expect(variables['CARE_ORDERER']).toContain(`-o ${listener.addresses.get('orderer0.north')} --tls`);
  for (const peer of ['peer0.north', 'peer0.south', 'peer0.authority']) {
    expect(variables['CARE_ENDORSERS']).toContain(`--peerAddresses ${listener.addresses.get(peer)} `);
  }
});

it('lets nobody but its owner read it', async () => {
  const { mode } = await stat(folder);
  expect(mode & 0o077).toBe(0);
  const key = await stat(join(folder, 'north', 'msp', 'keystore', 'key_sk'));
  expect(key.mode & 0o077).toBe(0);
});
