import { join } from 'node:path';
import type { Engine } from '@healthchain/ledger';
import {
  buildServer,
  createCursors,
  createLogger,
  createMetrics,
  createTokenVerifier,
  KeyedLocks,
  observedExchange,
  openExchange,
  openSecrets,
  openStore,
  tlsIdentityFrom,
  type ExchangeContext,
  type ExchangeLog,
  type KeyPair,
  type ReadinessCheck,
  type RunningExchange,
} from '@healthchain/server';
import { destination, type Logger } from 'pino';
import { CIRCLES } from '../demo/consortium.ts';
import { ownIdentity } from './identities.ts';
import { matchingKeyOf } from './matching-key.ts';
import { fhirBaseOf, serverDirectory, type ConsortiumState, type OrganisationState } from './state.ts';
import { tokenScope } from './tokens.ts';

const HOST = '127.0.0.1';
const VERSION = '0.1.0';
const LIMITS = { maxBodyBytes: 20 * 1024 * 1024, maxBundleEntries: 5_000, refusalSlotMs: 100 } as const;

export interface RunningOrganisation {
  readonly organisation: OrganisationState;
  readonly exchange: RunningExchange;
  readonly server: KeyPair;
  close(): Promise<void>;
}

export interface OrganisationInput {
  readonly data: string;
  readonly state: ConsortiumState;
  readonly organisation: OrganisationState;
  readonly engine: Engine;
}

/** Opens store, exchange and HTTP server of one organisation; on return it listens. */
export async function openOrganisation(input: OrganisationInput): Promise<RunningOrganisation> {
  const { organisation, data } = input;
  const directory = serverDirectory(data, organisation);
  const secrets = openSecrets(directory);
  const server = await ownIdentity(data, organisation, 'server');
  const logger = createLogger(
    { level: 'info', mspId: organisation.mspId },
    destination({ dest: join(directory, 'server.log'), mkdir: true }),
  );
  const store = openStore(join(directory, 'store.sqlite'), {
    bases: input.state.organisations.map(fhirBaseOf),
  });
  const exchange = await openExchange({ ...exchangeContext(input, server), store, log: exchangeLog(logger) });
  const metrics = createMetrics(organisation.mspId);
  const app = buildServer({
    organisation: { mspId: organisation.mspId, kind: organisation.kind, name: organisation.title },
    baseUrl: fhirBaseOf(organisation),
    memberBases: input.state.organisations.map(fhirBaseOf),
    exchange: observedExchange(exchange, metrics),
    store,
    tokens: createTokenVerifier(tokenScope(organisation), secrets.tokenPublicKey),
    cursors: createCursors(secrets.cursorKey.reveal()),
    locks: new KeyedLocks(),
    logger,
    metrics,
    readinessChecks: readinessOf(exchange),
    clock: () => new Date(),
    limits: LIMITS,
    version: VERSION,
  });
  await app.listen({ host: HOST, port: organisation.port });
  const close = async (): Promise<void> => {
    await app.close();
    await exchange.close();
    store.close();
  };
  return { organisation, exchange, server, close };
}

function exchangeContext(
  { data, state, organisation, engine }: OrganisationInput,
  server: KeyPair,
): Omit<ExchangeContext, 'store' | 'log'> {
  return {
    mspId: organisation.mspId,
    directory: serverDirectory(data, organisation),
    channels: circlesOf(organisation),
    members: state.organisations.map((member) => ({
      mspId: member.mspId,
      kind: member.kind,
      custodyUrl: `https://${HOST}:${member.custodyPort}`,
      fhirBase: fhirBaseOf(member),
    })),
    gateways: ownFirst(state, organisation).map(({ mspId }) => ({ mspId, client: engine.client(mspId) })),
    server,
    tls: tlsIdentityFrom(engine.network, organisation.mspId),
    custody: { host: HOST, port: organisation.custodyPort },
    matchingKey: matchingKeyOf(data, organisation),
    clock: () => new Date(),
  };
}

function readinessOf(exchange: RunningExchange): ReadinessCheck[] {
  return [
    { name: 'ledger', check: () => Promise.resolve(exchange.ready() ? undefined : 'catching up') },
    { name: 'custody', check: () => Promise.resolve(exchange.canSeal() ? undefined : 'no intake keys yet') },
  ];
}

function exchangeLog(logger: Logger): ExchangeLog {
  return {
    info: (event, fields) => logger.info(fields ?? {}, event),
    warn: (event, fields) => logger.warn(fields ?? {}, event),
    alarm: (event, fields) => logger.error({ ...fields, alarm: true }, event),
  };
}

/** The own circle first, then the others that the organisation is in. */
function circlesOf(organisation: OrganisationState): ExchangeContext['channels'] {
  const names =
    organisation.circle === 'care' ? (['care', 'consortium'] as const) : (['consortium'] as const);
  const [first, ...rest] = names.map((name) => ({ name, members: CIRCLES[name] }));
  return [first as NonNullable<typeof first>, ...rest];
}

/** A gateway serves the channels of its own organisation: on `care` only its members can stand in for each other. */
function ownFirst(state: ConsortiumState, own: OrganisationState): OrganisationState[] {
  const others = state.organisations.filter((other) => other !== own && other.circle === own.circle);
  return [own, ...others];
}
