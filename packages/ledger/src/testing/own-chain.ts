import { connect, hash } from '@hyperledger/fabric-gateway';
import { utf8 } from '@healthchain/core';
import { common } from '@hyperledger/fabric-protos';
import { nativeSigner } from '../crypto/index.ts';
import { openNetwork } from '../engine/index.ts';
import { startTestNetwork, type TestNetwork } from '../engine/testing.ts';
import { parseSerializedIdentity } from '../msp/index.ts';
import { decodeBlock, type RawBlock } from '../ordering/index.ts';
import { openBlock } from '../ordering/turn-metadata.ts';
import { parseTransaction } from '../validation/index.ts';
import type { StateRow } from '../verify/index.ts';
import type { Orderers, Sign } from './forgery.ts';

const ORDERERS = ['north', 'south', 'authority'];
const WRITES = 4;
const AT_ONCE = 8;

/** A chain of ours with all that a forger who runs every node has: the keys of the orderers and of the only user. */
export interface OwnChain {
  readonly blocks: readonly Uint8Array[];
  readonly state: readonly StateRow[];
  readonly orderers: Orderers;
  readonly user: Sign;
  /** Numbers of the first block of one write, of several, of a configuration, and of one whose turn was passed over to. */
  readonly single: number;
  readonly several: number;
  readonly configuration: number;
  readonly passedOver: number;
  /** The consenter whose turn was passed over. */
  readonly absent: number;
}

/** Runs a network for as long as it takes to make the chain. */
export async function makeOwnChain(): Promise<OwnChain> {
  const network = await startTestNetwork();
  try {
    const user = await write(network);
    const blocks = await blocksOf(network);
    const { id } = await network.engine.openSnapshot('peer0.north', 'care');
    const { rows: state } = await network.engine.stateRows(id);
    return { blocks, state, user, orderers: keysOf(network), ...placesIn(blocks), absent: 2 };
  } finally {
    await network.close();
  }
}

export const isWrite = ({ data }: RawBlock): boolean =>
  data.every((each) => parseTransaction(each).action?.chaincode.name === 'kv');

/** The consenter that made the envelope of a configuration. */
export function ordererOf(envelope: Uint8Array): number {
  const { mspId } = parseSerializedIdentity(parseTransaction(envelope).creator);
  return ORDERERS.findIndex((name) => mspId.toLowerCase().startsWith(name)) + 1;
}

/** Writes alone and at once, a configuration, writes with one orderer stopped. @returns who signs as their creator */
async function write({ directory, engine }: TestNetwork): Promise<Sign> {
  const { certificate, privateKey } = openNetwork(directory).admin('NorthMSP');
  const signer = nativeSigner(privateKey);
  const identity = { mspId: 'NorthMSP', credentials: utf8(certificate) };
  const gateway = connect({ client: engine.client('NorthMSP'), identity, signer, hash: hash.none });
  const contract = gateway.getNetwork('care').getContract('kv');
  const put = (key: string) => contract.submitTransaction('put', key, key);
  for (let i = 0; i < WRITES; i += 1) await put(`one ${i}`);
  for (let i = 0; i < WRITES; i += 1)
    await Promise.all(Array.from({ length: AT_ONCE }, (_, k) => put(`many ${i} ${k}`)));
  await engine.updateConfig('care', { kind: 'batch', limits: { maxMessageCount: 100 } });
  await engine.stop('orderer0.south');
  for (let i = 0; i < WRITES; i += 1) await put(`without ${i}`);
  gateway.close();
  return signer;
}

async function blocksOf({ engine }: TestNetwork): Promise<Uint8Array[]> {
  const height = (await engine.status()).find(({ id }) => id === 'peer0.north')?.channels[0]?.height ?? 0;
  return Promise.all(
    Array.from({ length: height }, (_, number) => engine.block('peer0.north', 'care', number)),
  );
}

function keysOf({ directory }: TestNetwork): Orderers {
  const files = openNetwork(directory);
  const keys = new Map<number, Sign>(
    ORDERERS.map((name, i) => [i + 1, nativeSigner(files.nodeKeys(`orderer0.${name}`).privateKey)]),
  );
  return (consenter) => keys.get(consenter);
}

function placesIn(blocks: readonly Uint8Array[]) {
  const where = (suits: (block: RawBlock) => boolean): number => {
    const number = blocks.findIndex((bytes, i) => i > 0 && suits(decodeBlock(bytes)));
    if (number < 0) throw new Error('the chain has no such block');
    return number;
  };
  const isConfiguration = ({ data: [envelope = new Uint8Array()] }: RawBlock) =>
    parseTransaction(envelope).type === common.HeaderType.CONFIG;
  return {
    single: where((block) => block.data.length === 1 && isWrite(block)),
    several: where((block) => block.data.length > 1 && isWrite(block)),
    configuration: where(isConfiguration),
    passedOver: where((block) => openBlock(block).certificate !== undefined),
  };
}
