import type { HealthClient } from '@healthchain/contracts';
import type { PersonId } from '@healthchain/core';
import type { AccessItem, Face, RequestContext } from '../ports.ts';
import type { ExchangeContext } from './context.ts';
import { Receipts } from './custody/receipts.ts';
import { CustodyService } from './custody/service.ts';
import { decide } from './decide.ts';
import { ExchangeError } from './error.ts';
import { applyBlock } from './facts/applier.ts';
import { LedgerFacts } from './facts/facts.ts';
import { AuditEventFace } from './faces/audit-event.ts';
import { ConsentFace } from './faces/consent.ts';
import { ProvenanceFace } from './faces/provenance.ts';
import { BlockFollower } from './follower/follower.ts';
import { Keystore } from './identities/keystore.ts';
import { IdentifierIndex } from './persons/index-file.ts';
import { openPersons } from './persons/open.ts';
import type { ExchangePersons } from './persons/persons.ts';
import type { OpenOptions } from './reader/open.ts';
import type { Requester } from './reader/request.ts';
import { GatewayPool } from './sessions/pool.ts';
import { Sessions } from './sessions/sessions.ts';
import { healthClient } from './sessions/transport.ts';
import { StoredAnswers } from './write/kept-answers.ts';
import { Outbox } from './write/outbox.ts';
import { Outcomes } from './write/outcomes.ts';

/** How long a caller waits for this server to have applied a block that it just committed. */
const APPLIED_DEADLINE_MS = 10_000;

/** The files and connections of one server. */
export interface Files {
  readonly context: ExchangeContext;
  /** The circle that this server writes to. */
  readonly home: string;
  readonly pool: GatewayPool;
  readonly sessions: Sessions;
  readonly keystore: Keystore;
  readonly facts: LedgerFacts;
  readonly outbox: Outbox;
  readonly answers: StoredAnswers;
  readonly outcomes: Outcomes;
  readonly index: IdentifierIndex;
  readonly receipts: Receipts;
  readonly requester: Requester;
  /** Asks as the server, and only the own peer: decisions are the own peer's or none. */
  readonly gate: HealthClient;
}

/** What works on them. */
export interface Parts extends Files {
  readonly followers: ReadonlyMap<string, BlockFollower>;
  readonly custody: CustodyService;
  readonly persons: ExchangePersons;
  readonly faces: Readonly<Record<string, Face>>;
  /** What reading through custodians needs. */
  readonly reading: OpenOptions;
}

/** Opens everything and starts nothing. */
export function openParts(context: ExchangeContext): Parts {
  const files = openFiles(context);
  const followers = new Map(context.channels.map(({ name }) => [name, openFollower(files, name)]));
  const withFollowers = { ...files, followers };
  const custody: CustodyService = new CustodyService({
    context,
    pool: files.pool,
    sessions: files.sessions,
    match: (body, member) => persons.answerMatch(body, member),
  });
  const persons = openPersons({
    context,
    channel: files.home,
    members: context.channels[0].members,
    facts: files.facts,
    index: files.index,
    custody,
    client: healthClient(files.sessions.server(files.home)),
    applied: (block) => applied(withFollowers, block),
  });
  const reading = openReading(files, custody);
  return {
    ...withFollowers,
    custody,
    persons,
    reading,
    faces: openFaces({ ...withFollowers, custody, persons }),
  };
}

/** Returns when this server's store has the block of its own circle. @throws ExchangeError UNAVAILABLE */
export async function applied(
  { followers, home }: Pick<Parts, 'followers' | 'home'>,
  blockNumber: number,
): Promise<void> {
  try {
    await followers.get(home)?.applied(blockNumber, AbortSignal.timeout(APPLIED_DEADLINE_MS));
  } catch (cause) {
    throw new ExchangeError('UNAVAILABLE', `This server has not applied block ${blockNumber} yet`, { cause });
  }
}

export function decideAt({ gate, facts }: Files, request: RequestContext, items: readonly AccessItem[]) {
  return decide({ client: gate, facts }, request, items);
}

/** Who registers persons: the own server, after the gate of the own peer. */
export function registrarOf({ gate, persons }: Parts) {
  return { client: gate, persons };
}

/** The marshalled block from any peer that has it. */
export function blockOf({ sessions }: Files, channel: string, number: number): Promise<Uint8Array> {
  return sessions
    .server(channel)
    .evaluate('GetBlockByNumber', [channel, String(number)], { chaincode: 'qscc' });
}

function openFiles(context: ExchangeContext): Files {
  const { mspId, directory, channels, clock, store, server } = context;
  const keystore = Keystore.open(directory);
  const pool = new GatewayPool(context.gateways, channels, clock);
  const facts = new LedgerFacts(store.database);
  const answers = new StoredAnswers(store.database, clock);
  const sessions = new Sessions({ mspId, pool, keystore, server });
  const home = channels[0].name;
  return {
    context,
    pool,
    keystore,
    facts,
    home,
    sessions,
    answers,
    outbox: new Outbox(store, answers),
    outcomes: new Outcomes(),
    index: IdentifierIndex.open(directory, context.matchingKey),
    receipts: new Receipts(directory),
    requester: { mspId, server, facts, clock, keyPair: (userId) => keystore.keyPair(userId) },
    gate: healthClient(sessions.server(home), { only: mspId }),
  };
}

function openFollower(files: Files, channel: string): BlockFollower {
  const { context, sessions, pool, facts, outbox, outcomes, index } = files;
  const { mspId, store, log } = context;
  const indexPatient = (identifiers: readonly string[], personId: PersonId): void =>
    index.put(
      channel,
      identifiers.map((identifier) => index.indexKey(identifier)),
      personId,
    );
  return new BlockFollower({
    session: sessions.server(channel),
    pool,
    ownMspId: mspId,
    fallback: true,
    position: facts.position(channel),
    apply: (block) => applyBlock({ channel, mspId, store, facts, outbox, outcomes, indexPatient }, block),
    log,
  });
}

function openReading({ context, facts, requester, receipts }: Files, custody: CustodyService): OpenOptions {
  const { mspId, log, members } = context;
  const bases = members.map(({ fhirBase }) => fhirBase);
  return { mspId, log, facts, custody, requester, bases, keep: (entries) => receipts.keep(entries) };
}

function openFaces(parts: Omit<Parts, 'faces' | 'reading'>): Readonly<Record<string, Face>> {
  const { context, persons, facts, sessions, home, custody, requester } = parts;
  const { mspId, store, channels, members } = context;
  const shared = { mspId, store, persons, facts, bases: members.map(({ fhirBase }) => fhirBase) };
  return {
    Consent: new ConsentFace({
      ...shared,
      server: healthClient(sessions.server(home)),
      clientOf: (caller) => healthClient(sessions.of(caller, home)),
      applied: (block) => applied(parts, block),
    }),
    AuditEvent: new AuditEventFace({
      ...shared,
      channels: channels.map(({ name }) => name),
      custody,
      requester,
    }),
    Provenance: new ProvenanceFace({
      ...shared,
      block: (channel, number) => blockOf(parts, channel, number),
      decide: (request, items) => decideAt(parts, request, items),
    }),
  };
}
