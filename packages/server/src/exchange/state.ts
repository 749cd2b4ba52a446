import { isUuid, randomUuid } from '@healthchain/core';
import { NO_PERSON, type Custodian, type EntryDraft } from '@healthchain/custody';
import type { AccessItem, Exchange, RequestContext } from '../ports.ts';
import type { LedgerFacts } from './facts/facts.ts';

/** Records of one entry. */
const MAX_ENTRY_RECORDS = 5_000;

type Access = Parameters<Exchange['state']>[1];

/**
 * ports.ts `Exchange.state`: one `stated` entry for each person; the code says what was decided. Records of no person go to the
 * log of nobody, records of several to each one's.
 */
export async function stateAccess(
  custodian: Custodian,
  facts: Pick<LedgerFacts, 'position'>,
  channel: string,
  context: RequestContext,
  access: Access,
): Promise<void> {
  if (access.items.length === 0) return;
  const height = facts.position(channel)?.number;
  await custodian.state(
    [...byPerson(access.items)].flatMap(([person, items]) =>
      chunks(items).map((chunk) => draft(context, access, person, chunk, height)),
    ),
  );
}

function draft(
  { requestId, caller }: RequestContext,
  { code, emergency }: Access,
  person: string,
  items: readonly AccessItem[],
  height: number | undefined,
): EntryDraft {
  const { mspId, userId, role, purpose } = caller;
  return {
    person,
    kind: 'stated',
    requestId: isUuid(requestId) ? requestId : randomUuid(),
    subject: { mspId, userId, role },
    purpose: emergency === undefined ? purpose : 'ETREAT',
    ...(emergency === undefined ? {} : { emergency }),
    assurance: 'server-key',
    records: items.map(({ recordId, version }) => ({ recordId, version, code })),
    ...(height === undefined ? {} : { height }),
  };
}

function byPerson(items: readonly AccessItem[]): Map<string, AccessItem[]> {
  const groups = new Map<string, AccessItem[]>();
  for (const item of items) {
    for (const person of item.persons.length === 0 ? [NO_PERSON] : item.persons) {
      groups.set(person, [...(groups.get(person) ?? []), item]);
    }
  }
  return groups;
}

function chunks(items: readonly AccessItem[]): (readonly AccessItem[])[] {
  const count = Math.ceil(items.length / MAX_ENTRY_RECORDS);
  return Array.from({ length: count }, (_, i) =>
    items.slice(i * MAX_ENTRY_RECORDS, (i + 1) * MAX_ENTRY_RECORDS),
  );
}
