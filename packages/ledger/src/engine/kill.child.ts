import { connect, hash } from '@hyperledger/fabric-gateway';
import { utf8 } from '@healthchain/core';
import { nativeSigner } from '../crypto/index.ts';
import { enroll, startEngine } from './index.ts';

/** Writes without end and prints each key once it is VALID; for a test that kills this process in the middle. */
const [directory = '', prefix = ''] = process.argv.slice(2);
const chaincode = { module: new URL('./testing.ts', import.meta.url).href, export: 'testChaincode' };
const engine = await startEngine({ directory, chaincodes: { kv: chaincode }, worker: false });
await engine.deploy();
const mspId = 'NorthMSP';
const user = await enroll({ directory, mspId, ou: 'client', commonName: 'writer', attributes: {} });
const gateway = connect({
  client: engine.client(mspId),
  identity: { mspId, credentials: utf8(user.certificate) },
  signer: nativeSigner(user.privateKey),
  hash: hash.none,
});
const contract = gateway.getNetwork('care').getContract('kv');

async function writer(index: number): Promise<never> {
  for (let i = 0; ; i++) {
    const key = `${prefix}-${index}-${i}`;
    await contract.submitTransaction('put', key, key);
    process.stdout.write(`${key}\n`);
  }
}

await Promise.all(Array.from({ length: 4 }, (_, i) => writer(i)));
