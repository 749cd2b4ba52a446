import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { randomPersonId, type OrganisationKind, type Purpose, type Role } from '@healthchain/core';
import { createNetwork, enroll, startEngine, type Engine } from '@healthchain/ledger';
import type { Caller, RequestContext } from '../../ports.ts';
import { openStore, type Store } from '../../store/index.ts';
import type { ExchangeContext, ExchangeLog, KeyPair } from '../context.ts';
import { openExchange, type RunningExchange } from '../open.ts';
import { openHealthClient } from '../sessions/health-client.ts';
import { tlsIdentityFrom } from '../tls-identity.ts';
import { found } from './found.ts';

const CARE = 'care';
const HOST = '127.0.0.1';
const ORGANISATIONS = [
  { name: 'north', mspId: 'NorthMSP', kind: 'hospital' },
  { name: 'south', mspId: 'SouthMSP', kind: 'hospital' },
  { name: 'authority', mspId: 'AuthorityMSP', kind: 'authority' },
] as const satisfies readonly { name: string; mspId: string; kind: OrganisationKind }[];
type OrganisationName = (typeof ORGANISATIONS)[number]['name'];

interface LoggedEvent {
  readonly level: 'info' | 'warn' | 'alarm';
  readonly event: string;
  readonly fields?: Readonly<Record<string, unknown>>;
}

/** One organisation's server in the test consortium. */
export interface TestServer {
  readonly name: OrganisationName;
  readonly mspId: string;
  readonly directory: string;
  readonly context: ExchangeContext;
  readonly log: readonly LoggedEvent[];
  exchange: RunningExchange;
  store: Store;
  /** A user with a certificate and a key in the server's keystore. */
  user(role: Role, purpose?: Purpose): Promise<Caller>;
  /** Closes exchange and store and opens them again; `crash` reaches the next exchange. */
  restart(options?: {
    readonly crash?: ExchangeContext['crash'];
    readonly dropStore?: boolean;
  }): Promise<void>;
}

export interface TestConsortium {
  readonly directory: string;
  readonly engine: Engine;
  readonly servers: Readonly<Record<OrganisationName, TestServer>>;
  close(): Promise<void>;
}

/**
 * Two hospitals and the health authority on `care`, in this process, 2 of 3 endorse, 2 of 3 custodians. `worker`: the engine in a
 * thread of its own.
 */
export async function startConsortium({ worker = false } = {}): Promise<TestConsortium> {
  const directory = mkdtempSync(join(tmpdir(), 'consortium-'));
  await createNetwork({ directory: join(directory, 'ledger'), definition: definition(), now: new Date() });
  const engine = await startEngine({
    directory: join(directory, 'ledger'),
    chaincodes: { health: { module: import.meta.resolve('@healthchain/contracts'), export: 'chaincode' } },
    worker,
  });
  await deployed(engine);
  await foundCare(directory, engine);
  const ports = await freePorts(ORGANISATIONS.length);
  const servers = await Promise.all(
    ORGANISATIONS.map((_, i) => openServer({ directory, engine, ports, place: i })),
  );
  await Promise.all(servers.map((server) => untilWritable(server)));
  return {
    directory,
    engine,
    servers: Object.fromEntries(servers.map((server) => [server.name, server])) as TestConsortium['servers'],
    close: async () => {
      await Promise.all(servers.map(({ exchange }) => exchange.close()));
      for (const { store } of servers) store.close();
      await engine.close();
      rmSync(directory, { recursive: true });
    },
  };
}

/** A fresh request of the caller. */
export function requestOf(caller: Caller, interaction = 'read'): RequestContext {
  return { requestId: crypto.randomUUID(), caller, at: new Date(), interaction };
}

/** Waits for a condition; fails after `timeoutMs`. */
export async function until(condition: () => boolean | Promise<boolean>, timeoutMs = 20_000): Promise<void> {
  const giveUp = Date.now() + timeoutMs;
  while (!(await condition())) {
    if (Date.now() > giveUp) throw new Error('The condition did not come true');
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

function definition() {
  const members = ORGANISATIONS.map(({ mspId }) => mspId);
  const endorsement = `OutOf(2, ${members.map((mspId) => `'${mspId}.peer'`).join(', ')})`;
  return {
    organisations: ORGANISATIONS.map(({ name, mspId }) => ({
      name,
      mspId,
      domain: `${name}.test`,
      peers: 1,
      orderers: 1,
    })),
    channels: [
      {
        name: CARE,
        members,
        contracts: [{ name: 'health', version: '1.0', endorsement }],
        schedule: 'round-robin' as const,
      },
    ],
  };
}

/** A peer that has not seen the last approval yet makes the commit fail; deploying again finishes it. */
async function deployed(engine: Engine): Promise<void> {
  await until(() =>
    engine.deploy().then(
      () => true,
      () => false,
    ),
  );
}

async function foundCare(directory: string, engine: Engine): Promise<void> {
  const members = await Promise.all(
    ORGANISATIONS.map(async ({ mspId, name, kind }) => {
      const keyPair = await enrolled(directory, mspId, 'administrator');
      const gateways = [{ mspId, client: engine.client(mspId) }];
      return { mspId, name, kind, client: openHealthClient({ mspId, channel: CARE, gateways, keyPair }) };
    }),
  );
  await found(members);
}

function enrolled(directory: string, mspId: string, role: Role, userId = randomPersonId()): Promise<KeyPair> {
  return enroll({
    directory: join(directory, 'ledger'),
    mspId,
    ou: role === 'administrator' ? 'admin' : 'client',
    commonName: userId,
    attributes: { role, userId },
  });
}

interface ServerPlace {
  readonly directory: string;
  readonly engine: Engine;
  readonly ports: readonly number[];
  readonly place: number;
}

async function openServer(input: ServerPlace): Promise<TestServer> {
  const { name, mspId } = ORGANISATIONS[input.place] as (typeof ORGANISATIONS)[number];
  const directory = join(input.directory, name);
  const log: LoggedEvent[] = [];
  const context = await contextOf(input, directory, logInto(log));
  const exchange = await openExchange(context);
  const server: TestServer = {
    name,
    mspId,
    directory,
    log,
    exchange,
    context,
    store: context.store,
    user: async (role, purpose = 'TREAT') => {
      const userId = randomPersonId();
      server.exchange.keystore.put(userId, role, await enrolled(input.directory, mspId, role, userId));
      return { mspId, userId, role, purpose };
    },
    restart: async ({ crash, dropStore = false } = {}) => {
      await server.exchange.close();
      server.store.close();
      if (dropStore)
        for (const suffix of ['', '-wal', '-shm'])
          rmSync(join(directory, `store.sqlite${suffix}`), { force: true });
      server.store = openStore(join(directory, 'store.sqlite'));
      server.exchange = await openExchange({
        ...context,
        store: server.store,
        ...(crash === undefined ? {} : { crash }),
      });
    },
  };
  return server;
}

async function contextOf(input: ServerPlace, directory: string, log: ExchangeLog): Promise<ExchangeContext> {
  const { engine, ports, place } = input;
  const { mspId } = ORGANISATIONS[place] as (typeof ORGANISATIONS)[number];
  const ownFirst = [...ORGANISATIONS].sort((a, b) => Number(b.mspId === mspId) - Number(a.mspId === mspId));
  return {
    mspId,
    directory,
    channels: [{ name: CARE, members: ORGANISATIONS.map((each) => each.mspId) }],
    members: ORGANISATIONS.map((each, i) => ({
      mspId: each.mspId,
      kind: each.kind,
      custodyUrl: `https://${HOST}:${ports[i]}`,
      fhirBase: `http://${each.name}.localhost/fhir`,
    })),
    gateways: ownFirst.map((each) => ({ mspId: each.mspId, client: engine.client(each.mspId) })),
    server: await enrolled(input.directory, mspId, 'server'),
    tls: tlsIdentityFrom(engine.network, mspId),
    custody: { host: HOST, port: ports[place] as number },
    matchingKey: { version: 1, key: new Uint8Array(32).fill(7) },
    store: openStore(ensureStorePath(directory)),
    clock: () => new Date(),
    log,
  };
}

function ensureStorePath(directory: string): string {
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  return join(directory, 'store.sqlite');
}

function logInto(events: LoggedEvent[]): ExchangeLog {
  const at = (level: LoggedEvent['level']) => (event: string, fields?: Readonly<Record<string, unknown>>) => {
    events.push({ level, event, ...(fields === undefined ? {} : { fields }) });
  };
  return { info: at('info'), warn: at('warn'), alarm: at('alarm') };
}

/** Until every custodian's intake key has reached this server, nothing can be sealed. */
async function untilWritable({ exchange }: TestServer): Promise<void> {
  await until(() => exchange.canSeal());
}

async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer());
  await Promise.all(servers.map((server) => new Promise<void>((resolve) => server.listen(0, HOST, resolve))));
  const ports = servers.map((server) => (server.address() as AddressInfo).port);
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}
