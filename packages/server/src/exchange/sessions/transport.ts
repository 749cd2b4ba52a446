import { createHealthClient, type HealthClient } from '@healthchain/contracts';
import type { EvaluateOptions, LedgerSession } from './session.ts';
import { submitAfresh } from './submit.ts';

/** The typed client over one session; a command that was overtaken is proposed again. `only`: queries are answered by that organisation's peer or not at all. */
export function healthClient(
  session: LedgerSession,
  options: Pick<EvaluateOptions, 'only'> = {},
): HealthClient {
  return createHealthClient({
    evaluate: (name, args, transient) =>
      session.evaluate(name, args, { ...options, ...(transient === undefined ? {} : { transient }) }),
    submit: (name, args, transient) =>
      submitAfresh(session, name, args, transient === undefined ? {} : { transient }),
  });
}
