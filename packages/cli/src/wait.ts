import { CliError } from './error.ts';

const POLL_MS = 50;

/** Waits for a condition. @throws CliError FAILED_CHECK naming what was waited for */
export async function until(
  condition: () => boolean | Promise<boolean>,
  what: string,
  deadlineMs: number,
): Promise<void> {
  const giveUp = Date.now() + deadlineMs;
  while (!(await condition())) {
    if (Date.now() > giveUp) throw new CliError('FAILED_CHECK', `Waited ${deadlineMs / 1_000} s for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}
