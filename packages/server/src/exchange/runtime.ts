import type { EmergencyReason, PersonId, RecordId } from '@healthchain/core';
import { CustodyError } from '@healthchain/custody';
import type {
  AccessDecision,
  AccessItem,
  Caller,
  Exchange,
  Face,
  KeepUnder,
  KeptAnswers,
  LedgerVersion,
  OpenOutcome,
  PersonListing,
  RequestContext,
  WriteOperation,
  WriteResult,
} from '../ports.ts';
import type { ExchangeContext } from './context.ts';
import { exportAccessLog, type AccessLogExport } from './export.ts';
import { listPerson, versionsOf } from './facts/listing.ts';
import type { BlockFollower } from './follower/follower.ts';
import { isKnown } from './identities/known.ts';
import type { Keystore } from './identities/keystore.ts';
import type { ExchangeStatus, RunningExchange } from './open.ts';
import { applied, blockOf, decideAt, openParts, registrarOf, type Parts } from './parts.ts';
import type { ExchangePersons } from './persons/persons.ts';
import { registerPersons } from './persons/register.ts';
import { openVersions } from './reader/open.ts';
import { rebuildStore, type RebuildProgress } from './rebuild.ts';
import { repeat, type Repeated } from './repeat.ts';
import { healthClient } from './sessions/transport.ts';
import { stateAccess } from './state.ts';
import { sealingTargets } from './write/assemble.ts';
import { OutboxRecovery } from './write/recover.ts';
import { write } from './write/write.ts';

const RECOVERY_INTERVAL_MS = 1_000;
/** How long the first blocks may take at start before the server goes on, not ready. */
const START_DEADLINE_MS = 60_000;

/** One organisation's running server side of ledger and custody. What each method does is in the folders. */
export class ExchangeRuntime implements RunningExchange {
  readonly #parts: Parts;
  #recovery: Repeated | undefined;
  #caughtUp = false;

  constructor(context: ExchangeContext) {
    this.#parts = openParts(context);
  }

  get keystore(): Keystore {
    return this.#parts.keystore;
  }

  get persons(): ExchangePersons {
    return this.#parts.persons;
  }

  get faces(): Readonly<Record<string, Face>> {
    return this.#parts.faces;
  }

  async start(): Promise<void> {
    const { followers, custody, context, outbox, outcomes, sessions } = this.#parts;
    for (const follower of followers.values()) follower.start();
    await custody.start().catch((error: unknown) => {
      if (!(error instanceof CustodyError)) throw error;
      context.log.alarm('the custodian does not serve', { code: error.code });
    });
    await this.#catchUp().catch(() => context.log.warn('not caught up'));
    const sessionOf = (channel: string) => sessions.server(channel);
    const recovery = new OutboxRecovery({ outbox, outcomes, sessionOf, log: context.log });
    const mend = async (): Promise<void> => {
      if (!this.#caughtUp) await this.#catchUp();
      await recovery.pass();
    };
    this.#recovery = repeat(RECOVERY_INTERVAL_MS, mend, () => context.log.warn('recovery failed'));
  }

  ready(): boolean {
    return this.#caughtUp && this.#unresolved() === 0;
  }

  status(): ExchangeStatus {
    const { followers, pool, outbox, facts, custody } = this.#parts;
    return {
      channels: [...followers].map(([name, follower]) => ({
        name,
        applied: follower.number,
        seen: Number(pool.seen(name)),
      })),
      outbox: outbox.size,
      missing: facts.missingCount(),
      custodian: custody.running ? 'running' : 'stopped',
    };
  }

  canSeal(): boolean {
    try {
      sealingTargets(this.#parts.facts, this.#parts.home);
      return true;
    } catch {
      return false;
    }
  }

  startCustodian(): Promise<void> {
    return this.#parts.custody.start();
  }

  stopCustodian(): Promise<void> {
    return this.#parts.custody.stop();
  }

  async rotateIntakeKey(channel: string): Promise<void> {
    await this.#parts.custody.own(channel).rotateIntakeKey();
  }

  get answers(): KeptAnswers {
    return this.#parts.answers;
  }

  async write(
    request: RequestContext,
    operations: readonly WriteOperation[],
    keep?: KeepUnder,
  ): Promise<WriteResult> {
    const { home: channel, followers, facts, outbox, outcomes, sessions, context } = this.#parts;
    const { clock, crash } = context;
    const follower = followers.get(channel) as BlockFollower;
    const options = {
      channel,
      follower,
      facts,
      outbox,
      outcomes,
      clock,
      ...(crash === undefined ? {} : { crash }),
    };
    await registerPersons(registrarOf(this.#parts), request, operations);
    return write(options, sessions.of(request.caller, channel), request, { operations, keep });
  }

  versions(recordId: RecordId): Promise<readonly LedgerVersion[]> {
    return Promise.resolve(versionsOf(this.#parts.facts, recordId));
  }

  listPerson(personId: PersonId, wanted: PersonListing = {}): Promise<readonly LedgerVersion[]> {
    const { facts, context } = this.#parts;
    const { categories, fromElsewhere = false } = wanted;
    const heads = listPerson(facts, facts.idsOf(this.#channels(), personId), {
      ...(categories === undefined ? {} : { categories }),
      ...(fromElsewhere ? { notBy: context.mspId } : {}),
    });
    return Promise.resolve(heads);
  }

  knows(caller: Caller): boolean {
    return isKnown(this.#parts, caller);
  }

  decide(request: RequestContext, items: readonly AccessItem[]): Promise<readonly AccessDecision[]> {
    return decideAt(this.#parts, request, items);
  }

  async state(request: RequestContext, access: Parameters<Exchange['state']>[1]): Promise<void> {
    const { custody, facts, home } = this.#parts;
    await stateAccess(custody.own(home).custodian, facts, home, request, access);
  }

  open(request: RequestContext, versions: readonly LedgerVersion[]): Promise<OpenOutcome> {
    return openVersions(this.#parts.reading, request, versions);
  }

  async breakGlass(request: RequestContext, personId: PersonId, reason: EmergencyReason) {
    const { sessions, home } = this.#parts;
    const client = healthClient(sessions.of(request.caller, home));
    const { result, transactionId, blockNumber } = await client.custody.openEmergency({ personId, reason });
    await applied(this.#parts, Number(blockNumber));
    return { transactionId, until: result.until };
  }

  rebuild(progress: (progress: RebuildProgress) => void): Promise<RebuildProgress> {
    return rebuildStore({ ...this.#parts.reading, store: this.#parts.context.store }, progress);
  }

  exportAccessLog(request: RequestContext, personId: PersonId): Promise<AccessLogExport> {
    const { reading, receipts } = this.#parts;
    const block = (channel: string, number: number) => blockOf(this.#parts, channel, number);
    return exportAccessLog({ ...reading, channels: this.#channels(), receipts, block }, request, personId);
  }

  async close(): Promise<void> {
    const { custody, followers, index, receipts, keystore } = this.#parts;
    await this.#recovery?.stop();
    await custody.close();
    await Promise.all([...followers.values()].map((follower) => follower.stop()));
    index.close();
    receipts.close();
    keystore.close();
  }

  #channels(): readonly string[] {
    return [...this.#parts.followers.keys()];
  }

  /** Rows of the outbox that no running write waits for: what an earlier run left. */
  #unresolved(): number {
    const { outbox, outcomes } = this.#parts;
    return outbox.ids().filter((transactionId) => !outcomes.isExpected(transactionId)).length;
  }

  /** Every channel at the height that its peers show at the call. */
  async #catchUp(): Promise<void> {
    const { followers, sessions } = this.#parts;
    const deadline = AbortSignal.timeout(START_DEADLINE_MS);
    const channels = [...followers].map(async ([name, follower]) => {
      const { height } = await sessions.server(name).anyChainInfo();
      await follower.applied(Number(height) - 1, deadline);
    });
    await Promise.all(channels);
    this.#caughtUp = true;
  }
}
