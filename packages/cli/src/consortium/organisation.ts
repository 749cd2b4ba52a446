import { join } from 'node:path';
import type { Engine, Network } from '@healthchain/ledger';
import {
  buildServer,
  createLogger,
  createMetrics,
  createTokenVerifier,
  observedExchange,
  openExchange,
  openSecrets,
  openStore,
  type ExchangeContext,
  type KeyPair,
  type RunningExchange,
} from '@healthchain/server';
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
  readonly network: Network;
}

/** Opens store, exchange and HTTP server of one organisation; on return it listens. */
export async function openOrganisation(input: OrganisationInput): Promise<RunningOrganisation> {
  const { organisation, data } = input;
  const directory = serverDirectory(data, organisation);
  const secrets = openSecrets(directory);
  const server = await ownIdentity(data, organisation, 'server');
  const logger = createLogger({ level: 'info', file: join(directory, 'server.log') });
  const store = openStore(join(directory, 'store.sqlite'), {
    bases: input.state.organisations.map(fhirBaseOf),
  });
  const exchange = await openExchange({ ...exchangeContext(input, server), store, log: logger });
  const metrics = createMetrics(organisation.mspId);
  const app = buildServer({
    organisation: { mspId: organisation.mspId, kind: organisation.kind, name: organisation.title },
    baseUrl: fhirBaseOf(organisation),
    memberBases: input.state.organisations.map(fhirBaseOf),
    exchange: observedExchange(exchange, metrics),
    store,
    tokens: createTokenVerifier(tokenScope(organisation), secrets.tokenPublicKey),
    cursorKey: secrets.cursorKey.reveal(),
    logger,
    metrics,
    readinessChecks: [{ name: 'ledger', check: () => Promise.resolve(exchange.ready()) }],
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
  { data, state, organisation, engine, network }: OrganisationInput,
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
    tls: network.tlsIdentity(organisation.mspId),
    custody: { host: HOST, port: organisation.custodyPort },
    matchingKey: matchingKeyOf(data, organisation),
    clock: () => new Date(),
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
