import type { Case } from '../case.ts';
import { refused } from '../expect.ts';
import type { Step } from '../script.ts';
import { freshKey, openSession } from '../session.ts';

/** A step that must fail the transaction at the endorser. */
export const refusal = (
  name: string,
  source: string,
  steps: (key: string) => readonly Step[],
  text: RegExp,
): Case => ({
  name,
  source,
  run: async (target) => {
    const session = await openSession(target);
    await refused(session.evaluate(steps(freshKey('refused'))), { code: 'UNKNOWN', text });
  },
});
