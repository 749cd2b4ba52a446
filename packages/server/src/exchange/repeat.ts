import { setTimeout as delay } from 'node:timers/promises';

export interface Repeated {
  /** Ends after the run in progress. */
  stop(): Promise<void>;
}

/** Runs `task` again and again, `pauseMs` after the end of each run, until stopped. A failure goes to `failed`, and the next run follows. */
export function repeat(
  pauseMs: number,
  task: () => Promise<void>,
  failed: (error: unknown) => void,
): Repeated {
  const end = new AbortController();
  const running = (async () => {
    while (!end.signal.aborted) {
      await task().catch(failed);
      await delay(pauseMs, undefined, { signal: end.signal }).catch(() => undefined);
    }
  })();
  return {
    stop: async () => {
      end.abort();
      await running;
    },
  };
}
