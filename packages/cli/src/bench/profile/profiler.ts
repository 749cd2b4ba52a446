import type { Profiler } from 'node:inspector';
import { Session } from 'node:inspector/promises';
import { CliError } from '../../error.ts';

/** What one thread did between start and stop. */
interface ThreadProfile {
  readonly profile: Profiler.Profile;
  readonly cpuMs: number;
}

export interface Profiles {
  /** The thread that serves HTTP. */
  readonly servers: ThreadProfile;
  readonly engine: ThreadProfile;
  /** All threads, those of V8 (compilation, garbage collection) and libuv included. */
  readonly totalCpuMs: number;
}

/** Sends a command of the inspector's protocol to one thread. */
type Send = (method: string, parameters?: object) => Promise<unknown>;

/** Twice V8's default: fine enough for shares, and cheap. */
const SAMPLING_MICROSECONDS = 2_000;
const THREAD_CPU = '(({ user, system }) => (user + system) / 1000)(process.threadCpuUsage())';

/**
 * Profiles this thread and the engine's worker, which is the only worker of a consortium, by V8's own sampling.
 *
 * @returns ends the profiling
 */
export async function profileThreads(): Promise<() => Promise<Profiles>> {
  const session = new Session();
  session.connect();
  const servers: Send = async (method, parameters) => session.post(method, parameters);
  const engine = await workerOf(session);
  const before = process.cpuUsage();
  const ends = [await profile(servers), await profile(engine)] as const;
  return async () => {
    const [ofServers, ofEngine] = [await ends[0](), await ends[1]()];
    const { user, system } = process.cpuUsage(before);
    session.disconnect();
    return { servers: ofServers, engine: ofEngine, totalCpuMs: (user + system) / 1_000 };
  };
}

async function profile(send: Send): Promise<() => Promise<ThreadProfile>> {
  await send('Profiler.enable');
  await send('Profiler.setSamplingInterval', { interval: SAMPLING_MICROSECONDS });
  const before = await threadCpu(send);
  await send('Profiler.start');
  return async () => {
    const { profile: taken } = (await send('Profiler.stop')) as { profile: Profiler.Profile };
    return { profile: taken, cpuMs: (await threadCpu(send)) - before };
  };
}

async function threadCpu(send: Send): Promise<number> {
  const { result } = (await send('Runtime.evaluate', { expression: THREAD_CPU })) as {
    result: { value: number };
  };
  return result.value;
}

/** Commands to a worker travel as messages through this thread's session. */
async function workerOf(session: Session): Promise<Send> {
  const pending = new Map<number, (result: unknown) => void>();
  const attached = new Promise<string>((resolve) => {
    session.once('NodeWorker.attachedToWorker', ({ params }) => resolve(params.sessionId));
  });
  session.on('NodeWorker.receivedMessageFromWorker', ({ params }) => {
    const { id, result } = JSON.parse(params.message) as { id?: number; result?: unknown };
    if (id !== undefined) pending.get(id)?.(result);
  });
  await session.post('NodeWorker.enable', { waitForDebuggerOnStart: false });
  const noWorker = new CliError('FAILED_CHECK', 'The engine runs in no worker that could be profiled');
  const sessionId = await Promise.race([attached, rejectAfter(ATTACH_DEADLINE_MS, noWorker)]);
  let last = 0;
  return (method, params = {}) =>
    new Promise((resolve, reject) => {
      const id = ++last;
      pending.set(id, resolve);
      const message = JSON.stringify({ id, method, params });
      session.post('NodeWorker.sendMessageToWorker', { sessionId, message }).catch(reject);
    });
}

const ATTACH_DEADLINE_MS = 5_000;

async function rejectAfter(ms: number, error: Error): Promise<never> {
  await new Promise((resolve) => setTimeout(resolve, ms).unref());
  throw error;
}
