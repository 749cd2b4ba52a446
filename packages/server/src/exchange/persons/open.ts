import { isUuid } from '@healthchain/core';
import type { EntryDraft } from '@healthchain/custody';
import type { ExchangeContext } from '../context.ts';
import type { CustodyClient } from '../custody/client.ts';
import type { CustodyService } from '../custody/service.ts';
import type { LedgerFacts } from '../facts/facts.ts';
import { Throttle } from '../throttle.ts';
import type { HealthClient } from '@healthchain/contracts';
import type { IdentifierIndex } from './index-file.ts';
import { ExchangePersons, type MatchAccess } from './persons.ts';

/** Matches that one user may ask for in a minute, and that another member's server may bring. */
const MATCHES_PER_CALLER = 60;
const MATCHES_PER_MEMBER = 1_200;

export function openPersons(options: {
  readonly context: ExchangeContext;
  readonly channel: string;
  readonly members: readonly string[];
  readonly facts: LedgerFacts;
  readonly index: IdentifierIndex;
  readonly custody: CustodyService;
  readonly client: HealthClient;
  readonly applied: (blockNumber: number) => Promise<void>;
}): ExchangePersons {
  const { context, channel, facts, index, client, applied } = options;
  return new ExchangePersons({
    channel,
    facts,
    index,
    client,
    applied,
    mspId: context.mspId,
    indexKeepers: () => indexKeepers(options),
    logMatch: async (match, persons) => {
      if (persons.length > 0) {
        await options.custody
          .own(channel)
          .custodian.state(persons.map((person) => matchEntry(match, person)));
      }
    },
    callerLimit: new Throttle(MATCHES_PER_CALLER, context.clock),
    memberLimit: new Throttle(MATCHES_PER_MEMBER, context.clock),
    log: context.log,
  });
}

/** Hospitals and the authority keep an index (custody.md section 2). */
function indexKeepers({
  context,
  members,
  custody,
}: Parameters<typeof openPersons>[0]): readonly CustodyClient[] {
  return context.members
    .filter(({ mspId, kind }) => members.includes(mspId) && mspId !== context.mspId && kind !== 'insurer')
    .flatMap(({ mspId }) => custody.client(mspId) ?? []);
}

function matchEntry({ requestId, subject, purpose }: MatchAccess, person: string): EntryDraft {
  if (!isUuid(requestId)) throw new Error('A match without a request id');
  return {
    person,
    kind: 'match',
    requestId,
    subject,
    ...(purpose === undefined ? {} : { purpose }),
    records: [],
  };
}
