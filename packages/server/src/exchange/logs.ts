import { parseEntry, type CustodianLog, type LogEntry } from '@healthchain/custody';
import type { PersonId } from '@healthchain/core';
import type { RequestContext } from '../ports.ts';
import type { CustodyService } from './custody/service.ts';
import { ExchangeError } from './error.ts';
import type { LedgerFacts } from './facts/facts.ts';
import { logRequest, type Requester } from './reader/request.ts';

export interface LogOptions {
  readonly mspId: string;
  readonly channels: readonly string[];
  readonly facts: LedgerFacts;
  readonly custody: CustodyService;
  readonly requester: Requester;
}

/** One person's logs on one channel: what each custodian that there ever was says. */
export interface PersonLogs {
  readonly channel: string;
  readonly personId: PersonId;
  readonly logs: readonly CustodianLog[];
  /** Custodians that gave nothing: to be shown, since their entries are missing. */
  readonly missing: readonly string[];
}

/**
 * Reads what the custodians logged about a person, as the caller, whose right to read it each custodian decides and logs.
 *
 * @throws ExchangeError FORBIDDEN when every custodian refuses, UNAVAILABLE when none answers
 */
export async function readLogs(
  options: LogOptions,
  context: RequestContext,
  personId: PersonId,
): Promise<readonly PersonLogs[]> {
  const { facts, channels } = options;
  const persons = facts.idsOf(channels, personId);
  const wanted = channels.flatMap((channel) =>
    persons.filter((person) => facts.isOnChannel(channel, person)).map((person) => ({ channel, person })),
  );
  return Promise.all(wanted.map(({ channel, person }) => readLog(options, context, channel, person)));
}

async function readLog(
  options: LogOptions,
  context: RequestContext,
  channel: string,
  person: PersonId,
): Promise<PersonLogs> {
  const custodians = custodiansEver(options.facts, channel);
  const request = logRequest(options.requester, context, { channel, person, custodians });
  const answers = await Promise.allSettled(
    custodians.map(async (mspId) => {
      if (mspId === options.mspId)
        return (await options.custody.own(channel).custodian.readLog(request, mspId)).log;
      const client = options.custody.client(mspId);
      if (client === undefined)
        throw new ExchangeError('UNAVAILABLE', `The custody API of ${mspId} is not known`);
      return (await client.call('log', { channel, request })).log;
    }),
  );
  const logs = answers.flatMap((answer) => (answer.status === 'fulfilled' ? [answer.value] : []));
  const missing = custodians.filter((_, i) => answers[i]?.status === 'rejected');
  if (logs.length === 0) throw whyNone(answers);
  return { channel, personId: person, logs, missing };
}

function whyNone(answers: readonly PromiseSettledResult<unknown>[]): ExchangeError {
  const reasons = answers.flatMap((answer) =>
    answer.status === 'rejected' ? [answer.reason as unknown] : [],
  );
  const unreachable = reasons.every(
    (reason) => reason instanceof ExchangeError && reason.code === 'UNAVAILABLE',
  );
  const [cause] = reasons;
  return unreachable
    ? new ExchangeError('UNAVAILABLE', 'No custodian answered', { cause })
    : new ExchangeError('FORBIDDEN', 'The custodians do not show this log to the caller', { cause });
}

function custodiansEver(facts: LedgerFacts, channel: string): readonly string[] {
  const all = facts
    .rows(channel, 'epoch')
    .flatMap(({ row }) => (row.state === 'proposed' ? [] : row.custodians));
  return [...new Set(all.map(({ mspId }) => mspId))].sort();
}

/** The entries of a log, oldest first. */
export function entriesOf(log: CustodianLog): readonly LogEntry[] {
  return [...log.entries, ...log.uncheckpointed].map(({ text }) => parseEntry(text));
}
