import { createHash, randomBytes } from 'node:crypto';
import type { Contract } from '@hyperledger/fabric-gateway';
import { VALUE_BYTES } from './chaincode.ts';

export interface LoadResult {
  readonly operations: number;
  readonly seconds: number;
  /** Sorted, of the operations that were begun after the warm-up. */
  readonly latenciesMs: readonly number[];
  readonly cpuMs: number;
  /** Transaction ids that were answered VALID within the measurement. */
  readonly acknowledged: readonly string[];
}

export interface LoadOptions {
  readonly clients: number;
  readonly warmUpMs: number;
  readonly measureMs: number;
  /** One operation; the transaction id where it is a write. */
  readonly operation: (client: number) => Promise<string | undefined>;
}

/** Every client does one operation after the other; counted is what begins and ends within the measurement. */
export async function load(options: LoadOptions): Promise<LoadResult> {
  const begin = performance.now();
  const from = begin + options.warmUpMs;
  const until = from + options.measureMs;
  const latenciesMs: number[] = [];
  const acknowledged: string[] = [];
  let cpuStart: NodeJS.CpuUsage | undefined;
  let operations = 0;
  const client = async (index: number) => {
    while (performance.now() < until) {
      const started = performance.now();
      if (started >= from) cpuStart ??= process.cpuUsage();
      const txId = await options.operation(index);
      const ended = performance.now();
      if (ended < from || ended > until) continue;
      operations += 1;
      if (txId !== undefined) acknowledged.push(txId);
      if (started >= from) latenciesMs.push(ended - started);
    }
  };
  await Promise.all(Array.from({ length: options.clients }, (_, i) => client(i)));
  const cpu = process.cpuUsage(cpuStart);
  latenciesMs.sort((a, b) => a - b);
  return {
    operations,
    seconds: options.measureMs / 1000,
    latenciesMs,
    cpuMs: (cpu.user + cpu.system) / 1000,
    acknowledged,
  };
}

/** A write of 1 KB: the value as transient data with its hash as argument. Resolves when it is VALID. */
export async function write(contract: Contract): Promise<string> {
  const value = randomBytes(VALUE_BYTES);
  const digest = createHash('sha256').update(value).digest('hex');
  const proposal = contract.newProposal('write', {
    arguments: [`w/${digest}`, digest],
    transientData: { value },
  });
  const transaction = await proposal.endorse();
  const commit = await transaction.submit();
  const status = await commit.getStatus();
  if (!status.successful) throw new Error(`Write ${status.transactionId} ended with code ${status.code}`);
  return status.transactionId;
}

export function percentile(sorted: readonly number[], share: number): number {
  const value = sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
  return Math.round(value * 100) / 100;
}
