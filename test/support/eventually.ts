const DEADLINE_MS = 20_000;
const POLL_MS = 20;

/** The first answer that is not undefined. @throws Error naming what was waited for */
export async function eventually<T>(
  what: string,
  ask: () => Promise<T | undefined>,
  deadlineMs: number = DEADLINE_MS,
): Promise<T> {
  const giveUp = Date.now() + deadlineMs;
  for (;;) {
    const answer = await ask();
    if (answer !== undefined) return answer;
    if (Date.now() > giveUp) throw new Error(`Waited ${deadlineMs / 1_000} s for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}
