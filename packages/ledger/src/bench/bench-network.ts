import { mkdtemp, rm } from 'node:fs/promises';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect, hash, type Contract } from '@hyperledger/fabric-gateway';
import { utf8 } from '@healthchain/core';
import { nativeSigner } from '../crypto/index.ts';
import { createNetwork, enroll, startEngine, type Engine } from '../engine/index.ts';
import { FILL_ROWS } from './chaincode.ts';
import { checkInProcess } from './check.ts';
import { CHANNEL, DEFINITION, MEMBERS } from './definition.ts';

const DEADLINE_MS = 60_000;
/** Transactions that fill the state at once: few, as the memory that filling leaves behind is not what is measured. */
const FILLERS = 4;

export interface BenchNetwork {
  readonly engine: Engine;
  /** One session of one user of each organisation. */
  readonly contracts: readonly Contract[];
}

export interface NetworkOptions {
  /** Rows in the state before anything is measured. */
  readonly records: number;
  /** Nodes share outcomes of verifications (never of a signing). */
  readonly shareVerifications: boolean;
  readonly onProgress: (line: string) => void;
}

/** What was measured, and the transactions that must be VALID in the blocks for it to count. */
export interface Measured<T> {
  readonly result: T;
  readonly acknowledged: readonly string[];
}

/** Measures on a network of its own, which is gone afterwards; a separate process verifies its files before the result counts. */
export async function onBenchNetwork<T>(
  options: NetworkOptions,
  work: (network: BenchNetwork) => Promise<Measured<T>>,
): Promise<T> {
  const directory = await mkdtemp(join(tmpdir(), 'healthchain-bench-ledger-'));
  try {
    await createNetwork({ directory, definition: DEFINITION, now: new Date() });
    const { result, acknowledged } = await whileRunning(directory, options, work);
    options.onProgress('verifying the blocks in a separate process');
    await checkInProcess(directory, 'peer0.north', CHANNEL, acknowledged);
    return result;
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

/** Beside the engine's own thread, where the machine has a second core. */
export function verifyThreads(): number {
  return availableParallelism() > 1 ? 1 : 0;
}

async function whileRunning<T>(
  directory: string,
  { records, shareVerifications, onProgress }: NetworkOptions,
  work: (network: BenchNetwork) => Promise<T>,
): Promise<T> {
  const module = new URL('./chaincode.ts', import.meta.url).href;
  const engine = await startEngine({
    directory,
    chaincodes: { bench: { module, export: 'benchChaincode' } },
    worker: true,
    verifyThreads: verifyThreads(),
    shareVerifications,
  });
  try {
    await engine.deploy();
    const contracts = await openContracts(engine, directory);
    await fill(contracts, records, onProgress);
    return await work({ engine, contracts });
  } finally {
    await engine.close();
  }
}

async function fill(
  contracts: readonly Contract[],
  records: number,
  onProgress: (line: string) => void,
): Promise<void> {
  const transactions = Math.max(1, Math.ceil(records / FILL_ROWS));
  let next = 0;
  const filler = async (contract: Contract) => {
    for (let i = next++; i < transactions; i = next++) {
      await contract.submitTransaction('fill', `fill${i}`);
      if (i % 100 === 0) onProgress(`${i * FILL_ROWS} of ${records} rows`);
    }
  };
  await Promise.all(Array.from({ length: FILLERS }, (_, i) => filler(contractOf(contracts, i))));
}

/** The contract that a client uses: the organisations take turns. */
export function contractOf(contracts: readonly Contract[], client: number): Contract {
  return contracts[client % contracts.length] as Contract;
}

async function openContracts(engine: Engine, directory: string): Promise<Contract[]> {
  const deadline = () => ({ deadline: Date.now() + DEADLINE_MS });
  return Promise.all(
    MEMBERS.map(async (mspId) => {
      const user = await enroll({ directory, mspId, ou: 'client', commonName: 'bench', attributes: {} });
      const gateway = connect({
        client: engine.client(mspId),
        identity: { mspId, credentials: utf8(user.certificate) },
        signer: nativeSigner(user.privateKey),
        hash: hash.none,
        evaluateOptions: deadline,
        endorseOptions: deadline,
        submitOptions: deadline,
        commitStatusOptions: deadline,
      });
      return gateway.getNetwork(CHANNEL).getContract('bench');
    }),
  );
}
