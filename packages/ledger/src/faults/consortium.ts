import { connect, hash, type Contract } from '@hyperledger/fabric-gateway';
import { utf8 } from '@healthchain/core';
import { nativeSigner } from '../crypto/index.ts';
import { enroll, type Engine, type KeyPair, type NetworkDefinition } from '../engine/index.ts';
import type { Chaincode, ChaincodeResponse } from '../peer/index.ts';
import type { ChaincodeStub } from '../peer/stub.ts';

export const CHANNEL = 'care';
export const CONTRACT = 'kv';
export const COUNTER = 'counter';
const MEMBERS = ['NorthMSP', 'SouthMSP', 'AuthorityMSP'] as const;
/** A write that has no outcome by then counts as unacknowledged. */
const DEADLINE_MS = 20_000;

/** Three organisations, each with a peer and an authority: any one may be missing. */
export const DEFINITION: NetworkDefinition = {
  organisations: ['north', 'south', 'authority'].map((name, i) => ({
    name,
    mspId: MEMBERS[i] as string,
    domain: `${name}.test`,
    peers: 1,
    orderers: 1,
  })),
  channels: [
    {
      name: CHANNEL,
      members: [...MEMBERS],
      contracts: [
        {
          name: CONTRACT,
          version: '1.0',
          endorsement: `OutOf(2,${MEMBERS.map((mspId) => `'${mspId}.peer'`).join(',')})`,
        },
      ],
    },
  ],
};

/** Writes a key, or adds one to a counter: what the faults are played under. */
export const faultChaincode: Chaincode = {
  Init: (): Promise<ChaincodeResponse> => Promise.resolve({ status: 200 }),
  async Invoke(stub: ChaincodeStub): Promise<ChaincodeResponse> {
    const { fcn, params } = stub.getFunctionAndParameters();
    const [key = '', value = ''] = params;
    if (fcn === 'put') await stub.putState(key, utf8(value));
    else if (fcn === 'increment') await stub.putState(COUNTER, utf8(`${(await counter(stub)) + 1}`));
    else return { status: 500, message: `no function ${fcn}` };
    return { status: 200 };
  },
};

async function counter(stub: ChaincodeStub): Promise<number> {
  return Number((await stub.getState(COUNTER)).toString() || '0');
}

export function enrolWriter(directory: string, mspId: string): Promise<KeyPair> {
  return enroll({ directory, mspId, ou: 'client', commonName: 'writer', attributes: {} });
}

/** The contract through the gateway of the writer's organisation. */
export function contractOf(
  engine: Engine,
  mspId: string,
  writer: KeyPair,
): { readonly contract: Contract; close(): void } {
  const deadline = () => ({ deadline: Date.now() + DEADLINE_MS });
  const gateway = connect({
    client: engine.client(mspId),
    identity: { mspId, credentials: utf8(writer.certificate) },
    signer: nativeSigner(writer.privateKey),
    hash: hash.none,
    evaluateOptions: deadline,
    endorseOptions: deadline,
    submitOptions: deadline,
    commitStatusOptions: deadline,
  });
  return { contract: gateway.getNetwork(CHANNEL).getContract(CONTRACT), close: () => gateway.close() };
}
