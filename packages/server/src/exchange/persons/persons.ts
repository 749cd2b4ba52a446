import { isUuid, randomPersonId, randomUuid, type PersonId, type RecordId } from '@healthchain/core';
import type { HealthClient } from '@healthchain/contracts';
import type { Caller, Persons, RequestContext } from '../../ports.ts';
import type { ExchangeLog } from '../context.ts';
import type { CustodyClient } from '../custody/client.ts';
import { MAX_MATCH_IDENTIFIERS } from '../custody/protocol.ts';
import type { CustodyHandlers } from '../custody/server.ts';
import { ExchangeError } from '../error.ts';
import type { LedgerFacts } from '../facts/facts.ts';
import type { Throttle } from '../throttle.ts';
import type { IdentifierIndex } from './index-file.ts';

export interface PersonsOptions {
  readonly mspId: string;
  /** The circle that this server writes to. */
  readonly channel: string;
  readonly facts: LedgerFacts;
  readonly index: IdentifierIndex;
  /** Hospitals and the authority of the channel, but for this organisation: who keeps an index. */
  readonly indexKeepers: () => readonly CustodyClient[];
  /** Submits as the server. */
  readonly client: HealthClient;
  /** Returns when this server has applied the block. */
  readonly applied: (blockNumber: number) => Promise<void>;
  /** Puts a `match` entry into the own custodian's log of each person. */
  readonly logMatch: (match: MatchAccess, persons: readonly PersonId[]) => Promise<void>;
  readonly callerLimit: Throttle;
  readonly memberLimit: Throttle;
  readonly log: ExchangeLog;
}

export interface MatchAccess {
  readonly requestId: string;
  readonly subject: { readonly mspId: string; readonly userId: string };
  readonly purpose?: Caller['purpose'];
}

/** ports.ts `Persons`, and the answering side of `match`. */
export class ExchangePersons implements Persons {
  readonly #options: PersonsOptions;

  constructor(options: PersonsOptions) {
    this.#options = options;
  }

  async forNewPatient(context: RequestContext, identifiers: readonly string[]): Promise<PersonId> {
    const known = await this.#find(context, this.#indexKeys(identifiers));
    if (known.length > 1) {
      // The refusal says that both exist: as much as a match.
      this.#options.callerLimit.use(context.caller.userId);
      throw new ExchangeError('CONFLICT', 'The identifiers belong to different persons', {
        details: { expression: 'Patient.identifier' },
      });
    }
    return known[0] ?? randomPersonId();
  }

  /** At the own organisation; on return this server knows it, and finds the person by these identifiers. */
  async register(personId: PersonId, identifiers: readonly string[]): Promise<void> {
    const { client, index, channel, applied } = this.#options;
    const { blockNumber } = await client.persons.register({ personId });
    index.put(channel, this.#indexKeys(identifiers), personId);
    await applied(Number(blockNumber));
  }

  /** @throws ExchangeError INVALID for more than one match may ask about */
  #indexKeys(identifiers: readonly string[]): string[] {
    if (identifiers.length > MAX_MATCH_IDENTIFIERS) {
      throw new ExchangeError('INVALID', `A Patient has at most ${MAX_MATCH_IDENTIFIERS} identifiers`, {
        details: { expression: 'Patient.identifier' },
      });
    }
    return identifiers.map((identifier) => this.#options.index.indexKey(identifier));
  }

  ofPatient(patientId: RecordId): Promise<PersonId | undefined> {
    const { facts } = this.#options;
    const head = facts.versions(patientId).at(-1)?.row.header;
    const [personId, ...others] = head?.persons ?? [];
    const maybePatient = head?.categories.some(
      (category) => category === 'demographics' || category === 'restricted',
    );
    if (personId === undefined || others.length > 0 || maybePatient !== true)
      return Promise.resolve(undefined);
    return Promise.resolve(facts.resolve(personId));
  }

  /** The own organisation's first. Of another organisation every record of demographics, a Patient or a RelatedPerson. */
  patientsOf(
    personId: PersonId,
  ): Promise<readonly { readonly recordId: RecordId; readonly mspId: string }[]> {
    const { facts, mspId } = this.#options;
    const records = facts
      .heads(facts.personsOf(personId), { categories: ['demographics'] })
      .map(({ row }) => ({ recordId: row.header.recordId, mspId: row.header.author.mspId }));
    const isOwn = (record: { readonly mspId: string }): boolean => record.mspId === mspId;
    return Promise.resolve([...records.filter(isOwn), ...records.filter((record) => !isOwn(record))]);
  }

  async match(context: RequestContext, identifiers: readonly string[]): Promise<readonly PersonId[]> {
    this.#options.callerLimit.use(context.caller.userId);
    return this.#find(context, this.#indexKeys(identifiers));
  }

  ofCaller(caller: Caller): Promise<PersonId | undefined> {
    const { facts } = this.#options;
    const personId = facts.personOfKey(caller.mspId, caller.userId);
    return Promise.resolve(personId === undefined ? undefined : facts.resolve(personId));
  }

  /** Another member asks which persons carry these index keys. Each that is found reads of it in the own log. */
  readonly answerMatch: CustodyHandlers['match'] = async (body, member) => {
    const { index, memberLimit, logMatch, channel } = this.#options;
    if (body.subject.mspId !== member)
      throw new ExchangeError('FORBIDDEN', 'The subject belongs to another member');
    if (body.keyVersion !== index.keyVersion || body.channel !== channel) {
      throw new ExchangeError('INVALID', 'Another matching key or channel is in use here');
    }
    memberLimit.use(member);
    const persons = index.find(channel, body.indexKeys);
    await logMatch({ requestId: body.requestId, subject: body.subject }, persons);
    return { persons };
  };

  /** In the own index, and where that knows none of them, in those of the other keepers. Merged persons count as one. */
  async #find(context: RequestContext, indexKeys: readonly string[]): Promise<readonly PersonId[]> {
    const { index, channel, facts, logMatch } = this.#options;
    if (indexKeys.length === 0) return [];
    const requestId = isUuid(context.requestId) ? context.requestId : randomUuid();
    const { mspId, userId, purpose } = context.caller;
    const subject = { mspId, userId };
    const own = index.find(channel, indexKeys);
    await logMatch({ requestId, subject, purpose }, own);
    const found = own.length > 0 ? own : await this.#findElsewhere({ requestId, subject }, indexKeys);
    return [...new Set(found.map((personId) => facts.resolve(personId)))].sort();
  }

  async #findElsewhere(access: MatchAccess, indexKeys: readonly string[]): Promise<readonly PersonId[]> {
    const { channel, index, log } = this.#options;
    const indexKeepers = this.#options.indexKeepers();
    const body = { channel, ...access, keyVersion: index.keyVersion, indexKeys: [...indexKeys] };
    const answers = await Promise.allSettled(indexKeepers.map((keeper) => keeper.call('match', body)));
    answers.forEach((answer, i) => {
      if (answer.status === 'rejected') log.warn('match failed', { member: indexKeepers[i]?.mspId });
    });
    return answers.flatMap((answer) => (answer.status === 'fulfilled' ? answer.value.persons : []));
  }
}
