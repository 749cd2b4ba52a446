import { canonical, CodedError } from '@healthchain/core';
import { servedText, withoutServedMeta } from '../../fhir/index.ts';
import type { WriteResult } from '../../ports.ts';
import type { Rendered } from '../answers.ts';
import { mayNotWrite, RestError } from '../error.ts';
import { keptDraft, type KeptEntry } from '../idempotency.ts';
import { pass, type Visit } from '../visit.ts';
import type { Draft } from './drafts.ts';

/**
 * Commits drafts as one ledger transaction. On return they are durable and this server's store has them.
 *
 * @param kept what a repeated request is answered: the drafts, unless something else is answered too
 * @throws RestError FORBIDDEN in the words of every refused write; ExchangeError otherwise
 */
export async function commit(
  visit: Visit,
  drafts: readonly Draft[],
  kept: readonly KeptEntry[] = drafts.map(keptDraft),
): Promise<WriteResult> {
  pass(visit, 'write');
  const { repeat } = visit;
  try {
    return await visit.server.exchange.write(
      visit.context,
      drafts.map(({ operation }) => operation),
      repeat === undefined ? undefined : { repeat, answer: JSON.stringify(kept) },
    );
  } catch (cause) {
    if (cause instanceof CodedError && cause.code === 'FORBIDDEN') throw mayNotWrite(cause);
    throw cause;
  }
}

/** What every server serves for a version that was committed. */
export function renderedDraft(
  { type, id, version, resource }: Draft,
  { lastUpdated }: WriteResult,
): Rendered {
  const content = resource === null ? null : canonical(withoutServedMeta(resource));
  const text = servedText(content, version, lastUpdated);
  return { type, id, version, lastUpdated, text };
}

/** A version that somebody else wrote first: 412 to who named the version, 409 to who did not. */
export function asLostUpdate(cause: unknown, namedVersion: boolean): unknown {
  if (!(cause instanceof CodedError) || cause.code !== 'CONFLICT') return cause;
  const code = namedVersion ? 'PRECONDITION_FAILED' : 'CONFLICT';
  return new RestError(code, 'Another version was written at the same time', { cause });
}
