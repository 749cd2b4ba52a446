import type { EmergencyReason, PersonId, RecordId } from '@healthchain/core';
import type { HealthClient } from '@healthchain/contracts';
import type {
  AccessDecision,
  AccessItem,
  Exchange,
  Face,
  LedgerVersion,
  OpenOutcome,
  RequestContext,
  WriteOperation,
  WriteResult,
} from '../ports.ts';
import type { ExchangeContext } from './context.ts';
import { Receipts } from './custody/receipts.ts';
import { CustodyService } from './custody/service.ts';
import { decide } from './decide.ts';
import { ExchangeError } from './error.ts';
import { exportAccessLog, type AccessLogExport } from './export.ts';
import { applyBlock } from './facts/applier.ts';
import { LedgerFacts } from './facts/facts.ts';
import { listPerson, versionsOf } from './facts/listing.ts';
import { AuditEventFace } from './faces/audit-event.ts';
import { ConsentFace } from './faces/consent.ts';
import { ProvenanceFace } from './faces/provenance.ts';
import { BlockFollower } from './follower/follower.ts';
import { Keystore } from './identities/keystore.ts';
import type { ExchangeStatus, RunningExchange } from './open.ts';
import { openPersons } from './persons/open.ts';
import { IdentifierIndex } from './persons/index-file.ts';
import type { ExchangePersons } from './persons/persons.ts';
import { openVersions } from './reader/open.ts';
import type { Requester } from './reader/request.ts';
import { rebuildStore, type RebuildProgress } from './rebuild.ts';
import { repeat, type Repeated } from './repeat.ts';
import { GatewayPool } from './sessions/pool.ts';
import { Sessions } from './sessions/sessions.ts';
import { healthClient } from './sessions/transport.ts';
import { stateAccess } from './state.ts';
import { sealingTargets } from './write/assemble.ts';
import { Outbox } from './write/outbox.ts';
import { Outcomes } from './write/outcomes.ts';
import { OutboxRecovery } from './write/recover.ts';
import { write } from './write/write.ts';

const RECOVERY_INTERVAL_MS = 1_000;
/** How long a caller waits for this server to have applied a block that it just committed. */
const APPLIED_DEADLINE_MS = 10_000;
/** How long the first blocks may take at start before the server goes on, not ready. */
const START_DEADLINE_MS = 60_000;

/** One organisation's running server side of ledger and custody. The parts are in the folders; this puts them together. */
export class ExchangeRuntime implements RunningExchange {
  readonly keystore: Keystore;
  readonly persons: ExchangePersons;
  readonly faces: Readonly<Record<string, Face>>;
  readonly #context: ExchangeContext;
  readonly #home: string;
  readonly #pool: GatewayPool;
  readonly #sessions: Sessions;
  readonly #facts: LedgerFacts;
  readonly #outbox: Outbox;
  readonly #outcomes = new Outcomes();
  readonly #followers: ReadonlyMap<string, BlockFollower>;
  readonly #custody: CustodyService;
  readonly #index: IdentifierIndex;
  readonly #receipts: Receipts;
  readonly #requester: Requester;
  #recovery: Repeated | undefined;
  #caughtUp = false;

  constructor(context: ExchangeContext) {
    const { mspId, directory, channels, clock, store, server } = context;
    this.#context = context;
    this.#home = channels[0].name;
    this.#pool = new GatewayPool(context.gateways, channels, clock);
    this.keystore = Keystore.open(directory);
    this.#sessions = new Sessions({ mspId, pool: this.#pool, keystore: this.keystore, server });
    this.#facts = new LedgerFacts(store.database);
    this.#outbox = new Outbox(store);
    this.#followers = new Map(channels.map(({ name }) => [name, this.#follower(name)]));
    this.#index = IdentifierIndex.open(directory, context.matchingKey);
    this.#receipts = new Receipts(directory);
    this.#requester = {
      mspId,
      server,
      facts: this.#facts,
      clock,
      keyPair: (userId) => this.keystore.keyPair(userId),
    };
    this.persons = openPersons({
      context,
      channel: this.#home,
      members: channels[0].members,
      facts: this.#facts,
      index: this.#index,
      custody: () => this.#custody,
      client: healthClient(this.#sessions.server(this.#home)),
      applied: (block) => this.#applied(block),
    });
    this.#custody = new CustodyService({
      context,
      pool: this.#pool,
      sessions: this.#sessions,
      match: this.persons.answerMatch,
    });
    this.faces = this.#openFaces();
  }

  async start(): Promise<void> {
    for (const follower of this.#followers.values()) follower.start();
    await this.#custody.start();
    await this.#catchUp().catch(() => this.#context.log.warn('not caught up'));
    const recovery = new OutboxRecovery({
      outbox: this.#outbox,
      outcomes: this.#outcomes,
      sessionOf: (channel) => this.#sessions.server(channel),
      log: this.#context.log,
    });
    const mend = async (): Promise<void> => {
      if (!this.#caughtUp) await this.#catchUp();
      await recovery.pass();
    };
    this.#recovery = repeat(RECOVERY_INTERVAL_MS, mend, () => this.#context.log.warn('recovery failed'));
  }

  ready(): boolean {
    return this.#caughtUp && this.#unresolved() === 0;
  }

  status(): ExchangeStatus {
    return {
      channels: [...this.#followers].map(([name, follower]) => ({
        name,
        applied: follower.number,
        seen: Number(this.#pool.seen(name)),
      })),
      outbox: this.#outbox.size(),
      missing: this.#facts.missingCount(),
      custodian: this.#custody.running ? 'running' : 'stopped',
    };
  }

  canSeal(): boolean {
    try {
      sealingTargets(this.#facts, this.#home);
      return true;
    } catch {
      return false;
    }
  }

  startCustodian(): Promise<void> {
    return this.#custody.start();
  }

  stopCustodian(): Promise<void> {
    return this.#custody.stop();
  }

  async rotateIntakeKey(channel: string): Promise<void> {
    await this.#custody.own(channel).rotateIntakeKey();
  }

  async write(context: RequestContext, operations: readonly WriteOperation[]): Promise<WriteResult> {
    const channel = this.#home;
    const follower = this.#followers.get(channel) as BlockFollower;
    const options = { channel, follower, facts: this.#facts, outbox: this.#outbox, outcomes: this.#outcomes };
    const crash = this.#context.crash;
    return write(
      { ...options, clock: this.#context.clock, ...(crash === undefined ? {} : { crash }) },
      this.#sessions.of(context.caller, channel),
      context,
      operations,
    );
  }

  versions(recordId: RecordId): Promise<readonly LedgerVersion[]> {
    return Promise.resolve(versionsOf(this.#facts, recordId));
  }

  listPerson(personId: PersonId, categories?: readonly string[]): Promise<readonly LedgerVersion[]> {
    return Promise.resolve(
      listPerson(this.#facts, this.#facts.idsOf(this.#channels(), personId), categories),
    );
  }

  decide(context: RequestContext, items: readonly AccessItem[]): Promise<readonly AccessDecision[]> {
    return decide({ client: this.#gate(), facts: this.#facts }, context, items);
  }

  async state(context: RequestContext, access: Parameters<Exchange['state']>[1]): Promise<void> {
    const { custodian } = this.#custody.own(this.#home);
    await stateAccess(custodian, this.#facts, this.#home, context, access);
  }

  open(context: RequestContext, versions: readonly LedgerVersion[]): Promise<OpenOutcome> {
    return openVersions(this.#reading(), context, versions);
  }

  async breakGlass(context: RequestContext, personId: PersonId, reason: EmergencyReason) {
    const client = healthClient(this.#sessions.of(context.caller, this.#home));
    const { result, transactionId, blockNumber } = await client.custody.openEmergency({ personId, reason });
    await this.#applied(Number(blockNumber));
    return { transactionId, until: result.until };
  }

  rebuild(progress: (progress: RebuildProgress) => void): Promise<RebuildProgress> {
    return rebuildStore({ ...this.#reading(), store: this.#context.store }, progress);
  }

  exportAccessLog(context: RequestContext, personId: PersonId): Promise<AccessLogExport> {
    return exportAccessLog(
      {
        ...this.#reading(),
        channels: this.#channels(),
        receipts: this.#receipts,
        block: (...place) => this.#block(...place),
      },
      context,
      personId,
    );
  }

  async close(): Promise<void> {
    await this.#recovery?.stop();
    await this.#custody.close();
    await Promise.all([...this.#followers.values()].map((follower) => follower.stop()));
    this.#index.close();
    this.#receipts.close();
    this.keystore.close();
  }

  #follower(channel: string): BlockFollower {
    const { mspId, store, log } = this.#context;
    const applying = {
      channel,
      mspId,
      store,
      facts: this.#facts,
      outbox: this.#outbox,
      outcomes: this.#outcomes,
    };
    return new BlockFollower({
      session: this.#sessions.server(channel),
      pool: this.#pool,
      ownMspId: mspId,
      fallback: true,
      position: this.#facts.position(channel),
      apply: (block) =>
        applyBlock(
          { ...applying, indexPatient: (...patient) => this.#indexPatient(channel, ...patient) },
          block,
        ),
      log,
    });
  }

  #indexPatient(channel: string, identifiers: readonly string[], personId: PersonId): void {
    this.#index.put(
      channel,
      identifiers.map((identifier) => this.#index.indexKey(identifier)),
      personId,
    );
  }

  #openFaces(): Readonly<Record<string, Face>> {
    const { mspId, store, members } = this.#context;
    const shared = {
      mspId,
      store,
      persons: this.persons,
      facts: this.#facts,
      bases: members.map(({ fhirBase }) => fhirBase),
    };
    return {
      Consent: new ConsentFace({
        ...shared,
        server: healthClient(this.#sessions.server(this.#home)),
        clientOf: (caller) => healthClient(this.#sessions.of(caller, this.#home)),
        applied: (block) => this.#applied(block),
      }),
      AuditEvent: new AuditEventFace({
        ...shared,
        channels: this.#channels(),
        custody: this.#custody,
        requester: this.#requester,
      }),
      Provenance: new ProvenanceFace({
        ...shared,
        block: (...place) => this.#block(...place),
        decide: (context, items) => this.decide(context, items),
      }),
    };
  }

  #reading() {
    const { mspId, log, members } = this.#context;
    return {
      ...{ mspId, log },
      facts: this.#facts,
      custody: this.#custody,
      requester: this.#requester,
      keep: (entries: Parameters<Receipts['keep']>[0]) => this.#receipts.keep(entries),
      bases: members.map(({ fhirBase }) => fhirBase),
    };
  }

  /** Decisions are the own peer's or none. */
  #gate(): HealthClient {
    return healthClient(this.#sessions.server(this.#home), { only: this.#context.mspId });
  }

  #channels(): readonly string[] {
    return this.#context.channels.map(({ name }) => name);
  }

  #block(channel: string, number: number): Promise<Uint8Array> {
    const args = [channel, String(number)];
    return this.#sessions.server(channel).evaluate('GetBlockByNumber', args, { chaincode: 'qscc' });
  }

  async #applied(blockNumber: number): Promise<void> {
    const follower = this.#followers.get(this.#home) as BlockFollower;
    try {
      await follower.applied(blockNumber, AbortSignal.timeout(APPLIED_DEADLINE_MS));
    } catch (cause) {
      throw new ExchangeError('UNAVAILABLE', `This server has not applied block ${blockNumber} yet`, {
        cause,
      });
    }
  }

  /** Rows of the outbox that no running write waits for: what an earlier run left. */
  #unresolved(): number {
    return this.#outbox.all().filter(({ transactionId }) => !this.#outcomes.isExpected(transactionId)).length;
  }

  /** Every channel at the height that its peers show at the call. */
  async #catchUp(): Promise<void> {
    const deadline = AbortSignal.timeout(START_DEADLINE_MS);
    const channels = [...this.#followers].map(async ([name, follower]) => {
      const { height } = await this.#sessions.server(name).anyChainInfo();
      await follower.applied(Number(height) - 1, deadline);
    });
    await Promise.all(channels);
    this.#caughtUp = true;
  }
}
