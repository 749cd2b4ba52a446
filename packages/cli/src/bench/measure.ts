import { cpus, totalmem } from 'node:os';

export interface Percentiles {
  readonly p50Ms: number;
  readonly p95Ms: number;
}

/** Runs the tasks with so many at once; resolves with their number per second of wall time. */
export async function ratePerSecond(
  tasks: readonly (() => Promise<unknown>)[],
  parallel: number,
): Promise<number> {
  const started = performance.now();
  await inParallel(tasks, parallel);
  return round((tasks.length * 1_000) / (performance.now() - started));
}

export async function inParallel(
  tasks: readonly (() => Promise<unknown>)[],
  parallel: number,
): Promise<void> {
  const queue = tasks.values();
  await Promise.all(
    Array.from({ length: parallel }, async () => {
      for (const task of queue) await task();
    }),
  );
}

/** Times one task after another, after some that are not counted. */
export async function latency(
  task: () => Promise<unknown>,
  { runs, warmUp }: { readonly runs: number; readonly warmUp: number },
): Promise<Percentiles> {
  const all: number[] = [];
  for (let run = 0; run < warmUp + runs; run++) {
    const started = performance.now();
    await task();
    all.push(performance.now() - started);
  }
  const times = all.slice(warmUp).sort((a, b) => a - b);
  const at = (share: number): number =>
    round(times[Math.min(times.length - 1, Math.floor(share * times.length))] ?? 0);
  return { p50Ms: at(0.5), p95Ms: at(0.95) };
}

export function round(value: number): number {
  return Math.round(value * 100) / 100;
}

export function machine(): Readonly<Record<string, string | number>> {
  const [first] = cpus();
  return {
    cpu: first?.model.trim() ?? 'unknown',
    cores: cpus().length,
    memoryGb: Math.round(totalmem() / 2 ** 30),
    node: process.version,
    platform: `${process.platform} ${process.arch}`,
  };
}
