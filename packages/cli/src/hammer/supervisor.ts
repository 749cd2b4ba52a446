import { spawn, type ChildProcess } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { control, readRunFile } from '../control/client.ts';
import { serverUrl, type ConsortiumState } from '../consortium/state.ts';
import { CliError } from '../error.ts';
import { until } from '../wait.ts';

/** Longest that a start may take before the hammer gives up. */
const START_DEADLINE_MS = 120_000;
const PROBE_DEADLINE_MS = 1_000;
/** What a start by the hammer prints, in the data directory. */
const LOG_FILE = 'up.log';

/** Starts, ends (`SIGKILL`) and awaits the consortium under load. */
export interface Supervisor {
  /** Returns when the process is gone. */
  kill(): Promise<void>;
  /** Resolves when all servers and the control socket are ready again, with the milliseconds that it took. */
  start(): Promise<number>;
}

/**
 * Works on whatever runs on the data directory at the call.
 *
 * @throws CliError NOT_RUNNING
 */
export async function supervise(data: string, state: ConsortiumState): Promise<Supervisor> {
  let pid = await runningPid(data);
  return {
    async kill() {
      process.kill(pid, 'SIGKILL');
      await until(() => !isAlive(pid), 'the process to end', START_DEADLINE_MS);
    },
    async start() {
      const from = performance.now();
      const child = spawnUp(data);
      const isReady = async (): Promise<boolean> => {
        if (child.exitCode === null) return readRunFile(data)?.pid === child.pid && areReady(state);
        throw new CliError('FAILED_CHECK', 'The consortium did not start again', {
          details: { hint: `See ${join(data, LOG_FILE)}` },
        });
      };
      await until(isReady, 'the servers to be ready', START_DEADLINE_MS);
      pid = child.pid as number;
      return Math.round(performance.now() - from);
    },
  };
}

/** The process that answers on the control socket: the id in a run file may by now be another program's. */
async function runningPid(data: string): Promise<number> {
  return (await control<{ pid: number }>(data, 'process')).pid;
}

function spawnUp(data: string): ChildProcess {
  const main = fileURLToPath(new URL('../main.ts', import.meta.url));
  const log = openSync(join(data, LOG_FILE), 'a', 0o600);
  const stdio = ['ignore', log, log] as const;
  const child = spawn(process.execPath, [main, 'up', '--data', data], { stdio: [...stdio], detached: true });
  closeSync(log);
  child.unref();
  return child;
}

async function areReady({ organisations }: ConsortiumState): Promise<boolean> {
  const ready = await Promise.all(organisations.map((each) => answers(`${serverUrl(each)}/readyz`)));
  return ready.every(Boolean);
}

async function answers(url: string): Promise<boolean> {
  try {
    return (await fetch(url, { signal: AbortSignal.timeout(PROBE_DEADLINE_MS) })).status === 200;
  } catch {
    return false;
  }
}

/** A process that has ended but was not waited for by its parent still takes signals; nothing of it runs. */
function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
