import { bundleText } from '../bundle-text.ts';
import { json } from '../answers.ts';
import { RestError } from '../error.ts';
import { outcomeOf, restErrorOf } from '../outcome.ts';
import type { RestAnswer, RestRequest, Visit } from '../visit.ts';
import { type Entry, placeOf } from './entries.ts';
import { entryAnswer } from './responses.ts';

/** Entries of a batch that are under way at the same time: their transactions share blocks. */
const PARALLEL_ENTRIES = 16;
/** What must not tell by its time whether something exists. */
const SLOTTED_STATUSES: ReadonlySet<number> = new Set([403, 404]);

/** Every entry through the row of its own interaction, for the same caller; one that fails does not touch the others. */
export async function batch(visit: Visit, entries: readonly Entry[]): Promise<RestAnswer> {
  const answers = await eachOf(entries, (entry) => performEntry(visit, entry));
  const text = bundleText(
    { type: 'batch-response' },
    answers.map((answer) => entryAnswer(visit, answer)),
  );
  return {
    ...json(200, text),
    slotted: answers.some((answer) => answer.slotted === true || SLOTTED_STATUSES.has(answer.status)),
  };
}

/** The answer of one entry; failures too are answers. Bugs of this program are logged and told as such. */
export async function performEntry(visit: Visit, entry: Entry): Promise<RestAnswer> {
  try {
    return await visit.perform(requestOf(visit, entry));
  } catch (cause) {
    const failure = restErrorOf(cause);
    if (failure.code === 'INTERNAL')
      visit.server.logger.error({ requestId: visit.context.requestId, err: failure.cause }, 'failure');
    return { ...json(failure.status, JSON.stringify(outcomeOf(failure.issues))), slotted: false };
  }
}

function requestOf(visit: Visit, entry: Entry): Omit<RestRequest, 'path'> {
  return {
    method: entry.method,
    pathname: entry.pathname,
    parameters: entry.parameters,
    headers: {
      prefer: preferOf(visit, entry),
      'if-match': entry.ifMatch,
      'if-none-match': entry.ifNoneMatch,
      'if-none-exist': entry.ifNoneExist,
      'idempotency-key': keyOf(visit, entry),
    },
    body: () => {
      if (entry.resource !== undefined) return entry.resource;
      const expression = `${placeOf(entry.index)}.resource`;
      throw new RestError('MALFORMED', `${expression} is missing`, { details: { expression } });
    },
  };
}

function keyOf(visit: Visit, { method, index }: Entry): string | undefined {
  const key = visit.request.headers['idempotency-key'];
  return key === undefined || method === 'GET' ? undefined : `${key.trim().replaceAll('"', '')}#${index}`;
}

/** Who writes in a batch has what was written: it comes back only on request. */
function preferOf(visit: Visit, { method }: Entry): string | undefined {
  const given = visit.request.headers['prefer'];
  if (method === 'GET' || visit.prefer.return !== undefined) return given;
  return given === undefined ? 'return=minimal' : `${given}, return=minimal`;
}

async function eachOf<T, R>(items: readonly T[], run: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = [];
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next < items.length) {
      const i = next++;
      results[i] = await run(items[i] as T);
    }
  };
  await Promise.all(Array.from({ length: Math.min(PARALLEL_ENTRIES, items.length) }, worker));
  return results;
}
