import { mkdtemp, rm } from 'node:fs/promises';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect, hash, type Contract } from '@hyperledger/fabric-gateway';
import { utf8 } from '@healthchain/core';
import { nativeSigner } from '../crypto/index.ts';
import { createNetwork, enroll, startEngine, type Engine } from '../engine/index.ts';
import { LedgerError } from '../error.ts';
import { FILL_ROWS } from './chaincode.ts';
import { checkInProcess } from './check.ts';
import { BATCH, DEFINITION, MEMBERS } from './definition.ts';
import { load, percentile, write, type LoadResult } from './load.ts';
import { describeMachine, timePrimitives } from './primitives.ts';

export interface BenchOptions {
  /** Of each measurement, after a warm-up. */
  readonly seconds: number;
  /** Rows in the state before anything is measured. */
  readonly records: number;
  readonly clients?: readonly number[];
  /** Nodes share outcomes of verifications; true unless said otherwise. */
  readonly shareVerifications?: boolean;
  /** Beside the engine's own thread; one unless said otherwise. */
  readonly verifyThreads?: number;
  readonly onProgress?: (line: string) => void;
}

export interface BenchReport {
  readonly writes: readonly {
    readonly clients: number;
    readonly perSecond: number;
    readonly p50Ms: number;
    readonly p95Ms: number;
    readonly p99Ms: number;
    readonly cpuMsPerTx: number;
  }[];
  readonly reads: readonly {
    readonly clients: number;
    readonly perSecond: number;
    readonly p50Ms: number;
    readonly p95Ms: number;
  }[];
  readonly signatureBoundPerSecond: number;
  readonly fsyncsPerBlock: number;
  readonly fsyncP50Ms: number;
  readonly records: number;
  readonly machine: string;
  readonly settings: Readonly<Record<string, unknown>>;
}

const CLIENTS = [1, 50, 500];
const WARM_UP_MS = 2000;
const DEADLINE_MS = 60_000;
const FILLERS = 20;
/**
 * Measures the embedded ledger on a network of its own: clients in this thread, the engine in another. Writes count when
 * they are VALID in blocks that a separate process has verified from the files.
 */
export async function benchLedger(options: BenchOptions): Promise<BenchReport> {
  const directory = await mkdtemp(join(tmpdir(), 'healthchain-bench-ledger-'));
  const tell = options.onProgress ?? (() => undefined);
  try {
    await createNetwork({ directory, definition: DEFINITION, now: new Date() });
    const engine = await startEngine({
      directory,
      chaincodes: {
        bench: { module: new URL('./chaincode.ts', import.meta.url).href, export: 'benchChaincode' },
      },
      worker: true,
      verifyThreads: verifyThreadsOf(options),
      shareVerifications: options.shareVerifications ?? true,
    });
    const measured = await closing(engine, () => measure(engine, directory, options, tell));
    tell('verifying the blocks in a separate process');
    await checkInProcess(directory, 'peer0.north', 'bench', measured.acknowledged);
    return measured.report;
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

async function closing<T>(engine: Engine, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } finally {
    await engine.close();
  }
}

async function measure(
  engine: Engine,
  directory: string,
  options: BenchOptions,
  tell: (line: string) => void,
) {
  await engine.deploy();
  const primitives = timePrimitives();
  const contracts = await openContracts(engine, directory);
  await fill(contracts, options.records, tell);
  const acknowledged: string[] = [];
  const writes: BenchReport['writes'][number][] = [];
  const reads: BenchReport['reads'][number][] = [];
  const before = await engine.counters();
  for (const clients of options.clients ?? CLIENTS) {
    tell(`writes with ${clients} clients`);
    const result = await load({ ...periods(options), clients, operation: (i) => write(of(contracts, i)) });
    acknowledged.push(...result.acknowledged);
    writes.push(writeLine(clients, result));
  }
  const after = await engine.counters();
  for (const clients of options.clients ?? CLIENTS) {
    tell(`reads with ${clients} clients`);
    reads.push(readLine(clients, await readLoad(contracts, clients, options)));
  }
  const fsyncs = [...after.fsyncMs].sort((a, b) => a - b);
  const report: BenchReport = {
    writes,
    reads,
    signatureBoundPerSecond: primitives.boundPerSecond,
    fsyncsPerBlock: round((after.fsyncs - before.fsyncs) / Math.max(1, after.blocks - before.blocks)),
    fsyncP50Ms: percentile(fsyncs, 0.5),
    records: options.records,
    machine: describeMachine(),
    settings: {
      ...BATCH,
      signer: 'node:crypto, low-S',
      policy: '2 of 3',
      signMicros: primitives.signMicros,
      verifyMicros: primitives.verifyMicros,
      shareVerifications: options.shareVerifications ?? true,
      verifyThreads: verifyThreadsOf(options),
    },
  };
  return { report, acknowledged };
}

/** One thread to itself beside clients and engine, where the machine has a second core. */
function verifyThreadsOf({ verifyThreads }: BenchOptions): number {
  return verifyThreads ?? (availableParallelism() > 1 ? 1 : 0);
}

function periods(options: BenchOptions) {
  return { warmUpMs: WARM_UP_MS, measureMs: options.seconds * 1000 };
}

function readLoad(
  contracts: readonly Contract[],
  clients: number,
  options: BenchOptions,
): Promise<LoadResult> {
  const rows = Math.max(FILL_ROWS, options.records);
  return load({
    ...periods(options),
    clients,
    async operation(i) {
      const row = Math.floor(Math.random() * rows);
      const key = `fill${Math.floor(row / FILL_ROWS)}/${row % FILL_ROWS}`;
      await of(contracts, i).evaluateTransaction('read', key);
      return undefined;
    },
  });
}

async function fill(
  contracts: readonly Contract[],
  records: number,
  tell: (line: string) => void,
): Promise<void> {
  const transactions = Math.max(1, Math.ceil(records / FILL_ROWS));
  let next = 0;
  const filler = async (index: number) => {
    for (let i = next++; i < transactions; i = next++) {
      await of(contracts, index).submitTransaction('fill', `fill${i}`);
      if (i % 100 === 0) tell(`${i * FILL_ROWS} of ${records} rows`);
    }
  };
  await Promise.all(Array.from({ length: FILLERS }, (_, i) => filler(i)));
}

/** One user and one session of each organisation. */
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
      return gateway.getNetwork('bench').getContract('bench');
    }),
  );
}

function of(contracts: readonly Contract[], client: number): Contract {
  const contract = contracts[client % contracts.length];
  if (contract === undefined) throw new LedgerError('BAD_NETWORK', 'The bench has no contract');
  return contract;
}

function writeLine(clients: number, result: LoadResult): BenchReport['writes'][number] {
  return {
    clients,
    perSecond: Math.round(result.operations / result.seconds),
    p50Ms: percentile(result.latenciesMs, 0.5),
    p95Ms: percentile(result.latenciesMs, 0.95),
    p99Ms: percentile(result.latenciesMs, 0.99),
    cpuMsPerTx: round(result.cpuMs / Math.max(1, result.operations)),
  };
}

function readLine(clients: number, result: LoadResult): BenchReport['reads'][number] {
  return {
    clients,
    perSecond: Math.round(result.operations / result.seconds),
    p50Ms: percentile(result.latenciesMs, 0.5),
    p95Ms: percentile(result.latenciesMs, 0.95),
  };
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}
