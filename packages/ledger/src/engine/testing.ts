import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect, hash, type Contract, type Gateway } from '@hyperledger/fabric-gateway';
import { utf8 } from '@healthchain/core';
import { nativeSigner } from '../crypto/index.ts';
import type { Chaincode, ChaincodeResponse } from '../peer/index.ts';
import type { ChaincodeStub } from '../peer/stub.ts';
import {
  createNetwork,
  enroll,
  startEngine,
  type Engine,
  type NetworkDefinition,
  type StartEngineOptions,
} from './index.ts';

/** A chaincode for tests of this package: one function per line of the stub that a test needs. */
const FUNCTIONS: Readonly<Record<string, (stub: ChaincodeStub, args: string[]) => Promise<unknown>>> = {
  put: (stub, [key = '', value = '']) => stub.putState(key, utf8(value)),
  get: async (stub, [key = '']) => (await stub.getState(key)).toString(),
  getOrNothing: async (stub, [key = '']) =>
    stub.getState(key).then(
      (value) => value.toString(),
      () => '',
    ),
  copy: async (stub, [from = '', to = '']) => stub.putState(to, await stub.getState(from)),
  del: (stub, [key = '']) => stub.deleteState(key),
  increment: async (stub, [key = '']) => {
    const value = Number((await stub.getState(key)).toString() || '0') + 1;
    await stub.putState(key, utf8(String(value)));
    return value;
  },
  list: async (stub, [start = '', end = '']) => {
    const keys: string[] = [];
    for await (const { key } of stub.getStateByRange(start, end)) keys.push(key);
    return keys;
  },
  history: async (stub, [key = '']) => {
    const values: string[] = [];
    for await (const { value, isDelete } of stub.getHistoryForKey(key))
      values.push(isDelete ? 'deleted' : value.toString());
    return values;
  },
  emit: async (stub, [name = '', payload = '']) => {
    await stub.putState(`event-${name}`, utf8(payload));
    stub.setEvent(name, utf8(payload));
  },
  fail: () => Promise.reject(new Error('as asked')),
};

export const testChaincode: Chaincode = {
  Init: (): Promise<ChaincodeResponse> => Promise.resolve({ status: 200 }),
  async Invoke(stub: ChaincodeStub): Promise<ChaincodeResponse> {
    const { fcn, params } = stub.getFunctionAndParameters();
    const run = FUNCTIONS[fcn];
    if (run === undefined) return { status: 500, message: `no function ${fcn}` };
    return { status: 200, payload: utf8(JSON.stringify((await run(stub, params)) ?? null)) };
  },
};

export const MEMBERS = ['NorthMSP', 'SouthMSP', 'AuthorityMSP'] as const;

export const TEST_DEFINITION: NetworkDefinition = {
  organisations: ['north', 'south', 'authority'].map((name, i) => ({
    name,
    mspId: MEMBERS[i] as string,
    domain: `${name}.test`,
    peers: 1,
    orderers: 1,
  })),
  channels: [
    {
      name: 'care',
      members: [...MEMBERS],
      contracts: [
        {
          name: 'kv',
          version: '1.0',
          endorsement: `OutOf(2,${MEMBERS.map((mspId) => `'${mspId}.peer'`).join(',')})`,
        },
      ],
    },
  ],
};

export interface TestNetwork {
  readonly directory: string;
  readonly engine: Engine;
  contract(mspId?: string): Promise<Contract>;
  gateway(mspId?: string): Promise<Gateway>;
  /** Closes the engine and opens it again over the same files. */
  restart(): Promise<void>;
  close(): Promise<void>;
}

const DEADLINE_MS = 20_000;

/** A deployed network in a folder of its own. */
export async function startTestNetwork(
  options: Partial<StartEngineOptions> & { readonly definition?: NetworkDefinition } = {},
): Promise<TestNetwork> {
  const directory = await mkdtemp(join(tmpdir(), 'ledger-engine-'));
  const { definition = TEST_DEFINITION, ...rest } = options;
  await createNetwork({ directory, definition, now: new Date() });
  const settings = { directory, chaincodes: { kv: testChaincode }, worker: false, ...rest };
  let engine = await startEngine(settings);
  await engine.deploy();
  const gateways: Gateway[] = [];
  const gateway = async (mspId = 'NorthMSP') => {
    const user = await enroll({
      directory,
      mspId,
      ou: 'client',
      commonName: 'user',
      attributes: { role: 'doctor' },
    });
    const deadline = () => ({ deadline: Date.now() + DEADLINE_MS });
    const connected = connect({
      client: engine.client(mspId),
      identity: { mspId, credentials: utf8(user.certificate) },
      signer: nativeSigner(user.privateKey),
      hash: hash.none,
      evaluateOptions: deadline,
      endorseOptions: deadline,
      submitOptions: deadline,
      commitStatusOptions: deadline,
    });
    gateways.push(connected);
    return connected;
  };
  return {
    directory,
    get engine() {
      return engine;
    },
    gateway,
    contract: async (mspId) => (await gateway(mspId)).getNetwork('care').getContract('kv'),
    async restart() {
      await engine.close();
      engine = await startEngine(settings);
    },
    async close() {
      for (const connected of gateways) connected.close();
      await engine.close();
      await rm(directory, { recursive: true, force: true });
    },
  };
}

export function text(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString();
}
