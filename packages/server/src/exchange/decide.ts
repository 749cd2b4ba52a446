import type { UserId } from '@healthchain/core';
import { MAX_ITEMS, type HealthClient } from '@healthchain/contracts';
import type { AccessDecision, AccessItem, RequestContext } from '../ports.ts';
import type { LedgerFacts } from './facts/facts.ts';

/** Who counts as the author of what is not V, where it makes no difference, and of what the ledger does not show. */
const NOBODY = '0'.repeat(32);
const REFUSED: AccessDecision = { permit: false, code: 'NO_DECISION' };

export interface DecideOptions {
  /** Evaluates on the own peer only, as the server. */
  readonly client: HealthClient;
  readonly facts: LedgerFacts;
}

/**
 * ports.ts `Exchange.decide`: what the caller may read by base policy and grants; where that refuses and the caller has an open
 * emergency for the person, what the emergency permits.
 */
export async function decide(
  options: DecideOptions,
  context: RequestContext,
  items: readonly AccessItem[],
): Promise<readonly AccessDecision[]> {
  const ordinary = await ask(options, context, items, undefined);
  const decisions = [...ordinary];
  const open = Map.groupBy(
    items.keys().filter((i) => ordinary[i]?.permit !== true),
    (i) => emergencyFor(options.facts, context, (items[i] as AccessItem).persons),
  );
  for (const [emergency, places] of open) {
    if (emergency === undefined) continue;
    const asked = places.map((i) => items[i] as AccessItem);
    const answers = await ask(options, context, asked, emergency);
    places.forEach((i, n) => {
      const answer = answers[n];
      if (answer?.permit === true) decisions[i] = { ...answer, emergency };
    });
  }
  return decisions;
}

/** The caller's open emergency for the one person that the records are about. Whether it still holds is the gate's decision. */
export function emergencyFor(
  facts: LedgerFacts,
  { caller, at }: RequestContext,
  persons: readonly string[],
): string | undefined {
  const [personId, ...others] = persons;
  if (personId === undefined || others.length > 0) return undefined;
  const open = facts
    .personsOf(personId)
    .flatMap((person) => facts.rowsOfPerson(person, 'emergency'))
    .map(({ row }) => row)
    .filter(
      (row) =>
        row.by.mspId === caller.mspId && row.by.userId === caller.userId && row.until > at.toISOString(),
    );
  return open.sort((a, b) => (a.at < b.at ? 1 : -1))[0]?.emergencyId;
}

async function ask(
  { client, facts }: DecideOptions,
  { caller }: RequestContext,
  items: readonly AccessItem[],
  emergency: string | undefined,
): Promise<readonly AccessDecision[]> {
  const { mspId, userId, role } = caller;
  const decisions: AccessDecision[] = [];
  for (let start = 0; start < items.length; start += MAX_ITEMS) {
    const chunk = items.slice(start, start + MAX_ITEMS);
    const answer = await client.authorisation.decide({
      subject: { mspId, userId, role },
      purpose: emergency === undefined ? caller.purpose : 'ETREAT',
      right: 'read',
      ...(emergency === undefined ? {} : { emergency }),
      items: chunk.map((item) => ({
        recordId: item.recordId,
        version: item.version,
        persons: [...item.persons],
        author: { mspId: item.author, userId: authorOf(facts, item) },
        ...(item.type === undefined ? {} : { type: item.type }),
        categories: [...item.labels.categories],
        confidentiality: item.labels.confidentiality,
        sensitivities: [...item.labels.sensitivities],
      })),
    });
    decisions.push(...chunk.map((_, i) => answer.decisions[i] ?? REFUSED));
  }
  return decisions.map(({ permit, code }) => ({ permit, code }));
}

/** A V record is its author's and the patient's. */
function authorOf(facts: LedgerFacts, { recordId, version, labels }: AccessItem): UserId {
  if (labels.confidentiality !== 'V') return NOBODY;
  return facts.version(recordId, version)?.row.header.author.userId ?? NOBODY;
}
