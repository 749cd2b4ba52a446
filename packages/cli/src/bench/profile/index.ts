import { profileThreads } from './profiler.ts';
import { cpuBySteps, ENGINE_STEPS, SERVER_STEPS } from './steps.ts';

/** Milliseconds of CPU by step. `threads`: V8's and libuv's own threads; `total`: everything. */
export type CpuBySteps = Readonly<Record<string, number>>;

/**
 * Begins to profile a running consortium. The engine's steps carry the prefix `engine.`.
 *
 * @returns ends the profiling
 */
export async function profileSteps(): Promise<() => Promise<CpuBySteps>> {
  const end = await profileThreads();
  return async () => {
    const { servers, engine, totalCpuMs } = await end();
    const ofEngine = cpuBySteps(engine.profile, engine.cpuMs, ENGINE_STEPS);
    return {
      ...Object.fromEntries(cpuBySteps(servers.profile, servers.cpuMs, SERVER_STEPS)),
      ...Object.fromEntries([...ofEngine].map(([step, ms]) => [`engine.${step}`, ms])),
      threads: totalCpuMs - servers.cpuMs - engine.cpuMs,
      total: totalCpuMs,
    };
  };
}
