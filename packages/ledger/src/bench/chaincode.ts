import { createHash } from 'node:crypto';
import { utf8 } from '@healthchain/core';
import type { Chaincode, ChaincodeResponse } from '../peer/index.ts';
import type { ChaincodeStub } from '../peer/stub.ts';

/** Rows that one `fill` writes. */
export const FILL_ROWS = 100;
export const VALUE_BYTES = 1024;

/** The contract that is measured: one value of 1 KB and one index key a write, as a record has them. */
export const benchChaincode: Chaincode = {
  Init: (): Promise<ChaincodeResponse> => Promise.resolve({ status: 200 }),
  async Invoke(stub: ChaincodeStub): Promise<ChaincodeResponse> {
    const { fcn, params } = stub.getFunctionAndParameters();
    const [key = '', digest = ''] = params;
    if (fcn === 'write') return write(stub, key, digest);
    if (fcn === 'read') return { status: 200, payload: await stub.getState(key) };
    return fcn === 'fill' ? fill(stub, key) : { status: 500, message: `no function ${fcn}` };
  },
};

async function write(stub: ChaincodeStub, key: string, digest: string): Promise<ChaincodeResponse> {
  const value = stub.getTransient().get('value');
  if (value === undefined || createHash('sha256').update(value).digest('hex') !== digest) {
    return { status: 500, message: 'the value is not that of the hash' };
  }
  await stub.putState(key, value);
  await stub.putState(stub.createCompositeKey('index', [key]), utf8('1'));
  return { status: 200 };
}

async function fill(stub: ChaincodeStub, prefix: string): Promise<ChaincodeResponse> {
  for (let i = 0; i < FILL_ROWS; i++) {
    const value = createHash('sha256').update(`${prefix}/${i}`).digest();
    await stub.putState(`${prefix}/${i}`, Buffer.alloc(VALUE_BYTES, value));
  }
  return { status: 200 };
}
