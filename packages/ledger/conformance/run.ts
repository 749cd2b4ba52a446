import type { Case } from './case.ts';
import { exceptionsOf } from './exceptions.ts';
import type { Target } from './target.ts';

export interface Result {
  readonly name: string;
  readonly source: string;
  readonly outcome: 'ok' | 'FAIL' | 'exception';
  readonly milliseconds: number;
  /** Why it failed, or why it is not run. */
  readonly reason?: string;
}

/** A case that hangs is a failure, not a hanging suite. */
const CASE_LIMIT_MS = 60_000;

/** Runs the cases in order, one at a time, and reports each as it ends. */
export async function runCases(
  target: Target,
  cases: readonly Case[],
  onResult: (result: Result) => void = () => undefined,
): Promise<Result[]> {
  const results: Result[] = [];
  for (const each of cases) {
    const result = await runCase(target, each);
    onResult(result);
    results.push(result);
  }
  return results;
}

async function runCase(target: Target, { name, source, run }: Case): Promise<Result> {
  const reason = exceptionsOf(target.name).find((each) => each.case === name)?.reason;
  if (reason !== undefined) return { name, source, outcome: 'exception', milliseconds: 0, reason };
  const begun = performance.now();
  const end = (outcome: Result['outcome']) => ({
    name,
    source,
    outcome,
    milliseconds: Math.round(performance.now() - begun),
  });
  try {
    await withLimit(run(target));
    return end('ok');
  } catch (error) {
    return { ...end('FAIL'), reason: error instanceof Error ? error.message : String(error) };
  }
}

async function withLimit(run: Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`still running after ${CASE_LIMIT_MS} ms`)), CASE_LIMIT_MS);
  });
  try {
    await Promise.race([run, limit]);
  } finally {
    clearTimeout(timer);
  }
}
