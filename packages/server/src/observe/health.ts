/** Something without which requests cannot be answered: the store, the own peer, the custodian. */
export interface ReadinessCheck {
  readonly name: string;
  /** Resolves to the reason why it is not ready, or to undefined. The reason holds no secrets and no health data. */
  readonly check: () => Promise<string | undefined>;
}

export interface Readiness {
  readonly ready: boolean;
  readonly checks: Readonly<Record<string, string>>;
}

/** Longest that one check may take, in milliseconds; after that it counts as failed. */
const CHECK_TIMEOUT_MS = 2_000;

export async function readiness(checks: readonly ReadinessCheck[]): Promise<Readiness> {
  const outcomes = await Promise.all(
    checks.map(async ({ name, check }) => [name, await reason(check)] as const),
  );
  return {
    ready: outcomes.every(([, complaint]) => complaint === undefined),
    checks: Object.fromEntries(outcomes.map(([name, complaint]) => [name, complaint ?? 'ok'])),
  };
}

async function reason(check: ReadinessCheck['check']): Promise<string | undefined> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<string>((resolve) => {
    timer = setTimeout(resolve, CHECK_TIMEOUT_MS, `no answer within ${CHECK_TIMEOUT_MS} ms`);
  });
  try {
    return await Promise.race([check(), late]);
  } catch {
    return 'failed';
  } finally {
    clearTimeout(timer);
  }
}
