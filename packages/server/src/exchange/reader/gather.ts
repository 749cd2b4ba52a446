import { setTimeout as delay } from 'node:timers/promises';
import {
  combineAnswers,
  CustodyError,
  parseAnswer,
  type Answer,
  type Asked,
  type Combined,
  type ExpectedRecord,
  type ReceivedAnswer,
} from '@healthchain/custody';
import { CustodyRefusal } from '../custody/client.ts';
import { ExchangeError } from '../error.ts';

/** How long k custodians are given before one more is asked. */
const HEDGE_MS = 150;

/** One custodian of the epoch, in the order to ask: the own one first, those that failed lately last. */
export interface AskableCustodian {
  readonly mspId: string;
  ask(asked: Asked): Promise<Answer>;
  /** The answer with the key that the custodian's certificate on the ledger names. */
  received(answer: Answer): ReceivedAnswer;
}

export interface Gathered {
  readonly combined: Combined;
  /** Custodians that gave no answer: not reached, or not in a state to decide. */
  readonly unreachable: readonly string[];
}

/**
 * Asks k custodians at once, one more whenever one fails, is late, or did not do what it must, until the records are opened or
 * nobody is left to ask (custody.md section 4).
 *
 * @throws ExchangeError UNAVAILABLE, LIMIT or FORBIDDEN when fewer than k custodians answered
 */
export async function gather(
  asked: Asked,
  threshold: number,
  custodians: readonly AskableCustodian[],
  records: readonly ExpectedRecord[],
): Promise<Gathered> {
  const answers: ReceivedAnswer[] = [];
  const failures = new Map<string, unknown>();
  const waiting = [...custodians];
  const running = new Map<string, Promise<void>>();
  const askNext = (): void => {
    const custodian = waiting.shift();
    if (custodian === undefined) return;
    const { mspId } = custodian;
    const attempt = custodian
      .ask(asked)
      .then((answer) => void answers.push(custodian.received(answer)))
      .catch((error: unknown) => void failures.set(mspId, error))
      .finally(() => running.delete(mspId));
    running.set(mspId, attempt);
  };
  for (let i = 0; i < threshold; i++) askNext();
  let combined: Combined | undefined;
  while (running.size > 0) {
    const before = answers.length + failures.size;
    await Promise.race([...running.values(), delay(HEDGE_MS, undefined, { ref: false })]);
    if (answers.length + failures.size === before || answers.length + running.size < threshold) askNext();
    if (answers.length < threshold) continue;
    combined = combineAnswers(asked, answers, records);
    if (!needsMore(combined, answers, custodians.length, threshold)) break;
    if (running.size === 0) askNext();
  }
  if (combined === undefined) throw tooFew(answers.length, threshold, failures);
  return { combined, unreachable: [...failures.keys()] };
}

/** True when some record could still be opened with a further custodian's share. */
function needsMore(
  combined: Combined,
  answers: readonly ReceivedAnswer[],
  all: number,
  threshold: number,
): boolean {
  const bodies = answers.flatMap(({ answer }) => readBody(answer) ?? []);
  return combined.failed.some(({ recordId, version, code }) => {
    if (code !== 'REFUSED' && code !== 'TOO_FEW_SHARES' && code !== 'OPEN_FAILED') return false;
    const refusals = bodies.filter(({ refused }) =>
      refused.some((each) => each.recordId === recordId && each.version === version),
    );
    return all - refusals.length >= threshold;
  });
}

function readBody(answer: Answer) {
  try {
    return parseAnswer(answer.body);
  } catch {
    return undefined;
  }
}

/** Codes with which a custodian says that it cannot decide at the moment. */
const NOT_NOW: ReadonlySet<string> = new Set(['STALE', 'FORKED', 'CLOSED', 'UNAVAILABLE']);

function tooFew(answered: number, threshold: number, failures: ReadonlyMap<string, unknown>): ExchangeError {
  const codes = [...failures.values()].map(codeOf);
  const details = {
    answered,
    needed: threshold,
    custodians: Object.fromEntries([...failures.keys()].map((name, i) => [name, codes[i]])),
  };
  const cause = [...failures.values()][0];
  if (codes.includes('OVER_LIMIT'))
    return new ExchangeError('LIMIT', 'Too many requests', { cause, details });
  if (codes.some((code) => !NOT_NOW.has(code))) {
    return new ExchangeError('FORBIDDEN', 'The custodians refused the request', { cause, details });
  }
  return new ExchangeError('UNAVAILABLE', `${answered} of ${threshold} custodians answered`, {
    cause,
    details,
  });
}

function codeOf(error: unknown): string {
  if (error instanceof CustodyRefusal) return error.custodyCode;
  if (error instanceof CustodyError || error instanceof ExchangeError) return error.code;
  return 'UNAVAILABLE';
}
