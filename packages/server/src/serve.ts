import { join } from 'node:path';
import { destination, type Logger } from 'pino';
import { createTokenVerifier, type TokenScope } from './auth/index.ts';
import { configWarnings, fhirBase, httpTls, openSecrets, type ServerConfig } from './config/index.ts';
import {
  openExchange,
  type ExchangeContext,
  type ExchangeLog,
  type RunningExchange,
} from './exchange/index.ts';
import {
  createLogger,
  createMetrics,
  observedExchange,
  type Metrics,
  type ReadinessCheck,
} from './observe/index.ts';
import { createCursors } from './rest/cursor.ts';
import { buildServer } from './rest/server.ts';
import { KeyedLocks } from './rest/write/locks.ts';
import { openStore, type Store } from './store/index.ts';

/** Entries of a transaction or batch (health.md section 5). */
const MAX_BUNDLE_ENTRIES = 5_000;
/** Software version in the CapabilityStatement. */
const VERSION = '0.1.0';

/** What the configuration file does not hold: connections, and keys that never stand in it. */
export type ServerParts = Pick<ExchangeContext, 'gateways' | 'server' | 'tls' | 'matchingKey'> & {
  /** The time of this server: of tokens, requests, emergencies. The machine's unless said otherwise. */
  readonly clock?: () => Date;
};

const MACHINE_CLOCK = (): Date => new Date();

export interface RunningServer {
  readonly exchange: RunningExchange;
  /** Ends HTTP, then the exchange, then the store. */
  close(): Promise<void>;
}

/** Opens store, exchange and HTTP application of one organisation; on return it listens. What was opened before a failure is closed. */
export async function serve(config: ServerConfig, parts: ServerParts): Promise<RunningServer> {
  const { directory } = config;
  const logger = createLogger(
    { level: config.log.level, mspId: config.organisation.mspId },
    destination({ dest: join(directory, 'server.log'), mkdir: true, mode: 0o600 }),
  );
  for (const warning of configWarnings(config)) logger.warn({ warning }, 'configuration');
  const bases = config.members.map((member) => member.fhirBase);
  const store = openStore(join(directory, 'store.sqlite'), { bases });
  const exchange = await openExchange(exchangeContext(config, parts, store, logger)).catch(
    (error: unknown) => {
      store.close();
      throw error;
    },
  );
  const closers: (() => Promise<void>)[] = [() => exchange.close(), async () => store.close()];
  const close = async (): Promise<void> => {
    for (const closer of closers) await closer();
  };
  try {
    const metrics = createMetrics(config.organisation.mspId);
    const clock = parts.clock ?? MACHINE_CLOCK;
    const context = restContext(config, { store, exchange, logger, metrics, clock });
    const app = buildServer(context, httpTls(config));
    closers.unshift(() => app.close());
    await app.listen({ host: config.http.host, port: config.http.port });
  } catch (error) {
    await close();
    throw error;
  }
  return { exchange, close };
}

/** Who signs the organisation's tokens, and for which server. */
export function tokenScope(config: ServerConfig): TokenScope {
  const { mspId, kind } = config.organisation;
  return { mspId, kind, issuer: config.http.publicUrl, audience: fhirBase(config) };
}

function exchangeContext(
  config: ServerConfig,
  parts: ServerParts,
  store: Store,
  logger: Logger,
): ExchangeContext {
  const [first, ...rest] = config.channels;
  return {
    ...parts,
    mspId: config.organisation.mspId,
    directory: config.directory,
    channels: [first as NonNullable<typeof first>, ...rest],
    members: config.members,
    custody: config.custody,
    store,
    clock: parts.clock ?? MACHINE_CLOCK,
    log: exchangeLog(logger),
  };
}

function restContext(
  config: ServerConfig,
  running: {
    readonly store: Store;
    readonly exchange: RunningExchange;
    readonly logger: Logger;
    readonly metrics: Metrics;
    readonly clock: () => Date;
  },
): Parameters<typeof buildServer>[0] {
  const secrets = openSecrets(config.directory);
  const { store, exchange, logger, metrics, clock } = running;
  return {
    organisation: config.organisation,
    baseUrl: fhirBase(config),
    memberBases: config.members.map((member) => member.fhirBase),
    exchange: observedExchange(exchange, metrics),
    store,
    tokens: createTokenVerifier(tokenScope(config), secrets.tokenPublicKey),
    cursors: createCursors(secrets.cursorKey.reveal()),
    locks: new KeyedLocks(),
    logger,
    metrics,
    readinessChecks: readinessOf(exchange),
    clock,
    limits: {
      maxBodyBytes: config.http.maxBodyBytes,
      maxBundleEntries: MAX_BUNDLE_ENTRIES,
      refusalSlotMs: config.http.refusalSlotMs,
    },
    version: VERSION,
  };
}

function readinessOf(exchange: RunningExchange): ReadinessCheck[] {
  const unless = (ready: boolean, reason: string): Promise<string | undefined> =>
    Promise.resolve(ready ? undefined : reason);
  return [
    { name: 'ledger', check: () => unless(exchange.ready(), 'catching up') },
    { name: 'custody', check: () => unless(exchange.canSeal(), 'no intake keys yet') },
  ];
}

function exchangeLog(logger: Logger): ExchangeLog {
  return {
    info: (event, fields) => logger.info(fields ?? {}, event),
    warn: (event, fields) => logger.warn(fields ?? {}, event),
    alarm: (event, fields) => logger.error({ ...fields, alarm: true }, event),
  };
}
