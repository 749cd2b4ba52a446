import {
  contractOf,
  onBenchNetwork,
  verifyThreads,
  type BenchNetwork,
  type Measured,
} from './bench-network.ts';
import { FILL_ROWS } from './chaincode.ts';
import { BATCH } from './definition.ts';
import { watchMemory, type Memory } from './memory.ts';
import { load, percentile, write, type LoadResult } from './load.ts';
import { describeMachine, timePrimitives } from './primitives.ts';

export interface BenchOptions {
  /** Of each measurement, after a warm-up. */
  readonly seconds: number;
  /** Rows in the state before anything is measured. */
  readonly records: number;
  readonly clients?: readonly number[];
  readonly onProgress?: (line: string) => void;
}

interface WriteLine {
  readonly clients: number;
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p95Ms: number;
  readonly p99Ms: number;
  readonly cpuMsPerTx: number;
}

type ReadLine = Omit<WriteLine, 'p99Ms' | 'cpuMsPerTx'>;

export interface BenchReport extends Memory {
  readonly writes: readonly WriteLine[];
  /** The same writes, at the most clients, where every node verifies every signature for itself. */
  readonly unshared: WriteLine;
  readonly reads: readonly ReadLine[];
  readonly signatureBoundPerSecond: number;
  readonly fsyncsPerBlock: number;
  readonly fsyncP50Ms: number;
  readonly records: number;
  readonly machine: string;
  readonly settings: Readonly<Record<string, unknown>>;
}

const CLIENTS = [1, 50, 500];
const WARM_UP_MS = 2000;
/** Writes of the most clients before anything is measured: a node that has run for minutes is compiled, one that has just begun is not. */
const FIRST_WARM_UP_SECONDS = 8;

/**
 * Measures the embedded ledger on a network of its own: clients in this thread, the engine in another. Writes count when
 * they are VALID in blocks that a separate process has verified from the files.
 */
export async function benchLedger(options: BenchOptions): Promise<BenchReport> {
  const onProgress = options.onProgress ?? (() => undefined);
  const clients = options.clients ?? CLIENTS;
  const primitives = timePrimitives();
  const endWatch = watchMemory();
  const shared = await onBenchNetwork(
    { records: options.records, shareVerifications: true, onProgress },
    (network) => measureAll(network, { ...options, clients, onProgress }),
  );
  const most = Math.max(...clients);
  const unshared = await onBenchNetwork(
    { records: 0, shareVerifications: false, onProgress },
    async (network) => {
      const acknowledged = await warmUp(network, { clients, onProgress });
      onProgress(`writes with ${most} clients, no outcomes shared`);
      const measured = await measureWrites(network, most, options.seconds);
      return { ...measured, acknowledged: [...acknowledged, ...measured.acknowledged] };
    },
  );
  return {
    writes: shared.writes,
    unshared,
    reads: shared.reads,
    signatureBoundPerSecond: primitives.boundPerSecond,
    fsyncsPerBlock: shared.fsyncsPerBlock,
    fsyncP50Ms: shared.fsyncP50Ms,
    records: options.records,
    ...endWatch(),
    machine: describeMachine(),
    settings: {
      ...BATCH,
      signer: 'node:crypto, low-S',
      policy: '2 of 3',
      signMicros: primitives.signMicros,
      verifyMicros: primitives.verifyMicros,
      verifyThreads: verifyThreads(),
    },
  };
}

type Shared = Pick<BenchReport, 'writes' | 'reads' | 'fsyncsPerBlock' | 'fsyncP50Ms'>;

async function measureAll(network: BenchNetwork, options: Required<BenchOptions>): Promise<Measured<Shared>> {
  const { clients, seconds, onProgress } = options;
  const acknowledged = await warmUp(network, options);
  const writes: WriteLine[] = [];
  const reads: ReadLine[] = [];
  const before = await network.engine.counters();
  for (const count of clients) {
    onProgress(`writes with ${count} clients`);
    const measured = await measureWrites(network, count, seconds);
    acknowledged.push(...measured.acknowledged);
    writes.push(measured.result);
  }
  const after = await network.engine.counters();
  for (const count of clients) {
    onProgress(`reads with ${count} clients`);
    reads.push(await measureReads(network, count, options));
  }
  const fsyncsPerBlock = round((after.fsyncs - before.fsyncs) / Math.max(1, after.blocks - before.blocks));
  const fsyncP50Ms = percentile(
    [...after.fsyncMs].sort((a, b) => a - b),
    0.5,
  );
  return { result: { writes, reads, fsyncsPerBlock, fsyncP50Ms }, acknowledged };
}

/** @returns what was acknowledged, for the check of the blocks */
async function warmUp(
  network: BenchNetwork,
  { clients, onProgress }: Required<Pick<BenchOptions, 'clients' | 'onProgress'>>,
): Promise<string[]> {
  onProgress('warm-up');
  const { acknowledged } = await measureWrites(network, Math.max(...clients), FIRST_WARM_UP_SECONDS);
  return [...acknowledged];
}

async function measureWrites(
  { contracts }: BenchNetwork,
  clients: number,
  seconds: number,
): Promise<Measured<WriteLine>> {
  const operation = (client: number) => write(contractOf(contracts, client));
  const loaded = await load({ ...periods(seconds), clients, operation });
  const result = {
    ...lineOf(clients, loaded),
    p99Ms: percentile(loaded.latenciesMs, 0.99),
    cpuMsPerTx: round(loaded.cpuMs / Math.max(1, loaded.operations)),
  };
  return { result, acknowledged: loaded.acknowledged };
}

async function measureReads(
  { contracts }: BenchNetwork,
  clients: number,
  { records, seconds }: BenchOptions,
): Promise<ReadLine> {
  const rows = Math.max(FILL_ROWS, records);
  const loaded = await load({
    ...periods(seconds),
    clients,
    async operation(client) {
      const row = Math.floor(Math.random() * rows);
      const key = `fill${Math.floor(row / FILL_ROWS)}/${row % FILL_ROWS}`;
      await contractOf(contracts, client).evaluateTransaction('read', key);
      return undefined;
    },
  });
  return lineOf(clients, loaded);
}

function periods(seconds: number) {
  return { warmUpMs: WARM_UP_MS, measureMs: seconds * 1000 };
}

function lineOf(clients: number, { operations, seconds, latenciesMs }: LoadResult): ReadLine {
  return {
    clients,
    perSecond: Math.round(operations / seconds),
    p50Ms: percentile(latenciesMs, 0.5),
    p95Ms: percentile(latenciesMs, 0.95),
  };
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}
