import * as grpc from '@grpc/grpc-js';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { CallEvents, CallRequest } from '../gateway/index.ts';
import { createAuthority, issueTls } from '../msp/index.ts';
import { startNodeServer, type NodeServer } from './node-server.ts';

/** A call as it reaches the engine, with what the client's side does to it. */
interface Reached {
  readonly request: CallRequest;
  readonly events: CallEvents;
  readonly done: string[];
  /** Resolves when the client's side has done this. */
  until(action: string): Promise<void>;
}

const METHOD = '/gateway.Gateway/ChaincodeEvents';
const MEGABYTE = 1024 * 1024;

let server: NodeServer;
let client: grpc.Client;
let onReached: (reached: Reached) => void = () => undefined;

beforeAll(async () => {
  const named = { organization: 'test', notBefore: new Date(Date.now() - 60_000) };
  const notAfter = new Date(Date.now() + 3_600_000);
  const authority = await createAuthority({ commonName: 'tlsca.test', ...named, notAfter });
  const tls = await issueTls(authority, {
    commonName: 'peer0.test',
    hosts: ['peer0.test'],
    notBefore: named.notBefore,
    notAfter,
  });
  const transport = { open: (request: CallRequest, events: CallEvents) => reach(request, events) };
  const node = {
    transport,
    id: 'peer0.test',
    session: 1,
    advertised: new Map<string, string>(),
    bindsClients: false,
  };
  server = await startNodeServer(
    node,
    'peer',
    { ...tls, clientRoots: authority.certificate },
    { host: '127.0.0.1', port: 0 },
  );
  const credentials = grpc.credentials.createSsl(Buffer.from(authority.certificate));
  client = new grpc.Client(`127.0.0.1:${server.port}`, credentials, {
    'grpc.ssl_target_name_override': 'peer0.test',
  });
});

afterAll(async () => {
  client.close();
  await server.close();
});

function reach(request: CallRequest, events: CallEvents) {
  const done: string[] = [];
  const waiting = new Map<string, () => void>();
  const act = (action: string) => () => {
    done.push(action);
    waiting.get(action)?.();
  };
  onReached({
    request,
    events,
    done,
    until: (action) =>
      done.includes(action) ? Promise.resolve() : new Promise((resolve) => waiting.set(action, resolve)),
  });
  return {
    write: act('write'),
    finish: act('finish'),
    cancel: act('cancel'),
    pause: act('pause'),
    resume: act('resume'),
  };
}

async function openStream(options: grpc.CallOptions = {}) {
  const reached = new Promise<Reached>((resolve) => {
    onReached = resolve;
  });
  const asIs = (bytes: Buffer) => bytes;
  const call = client.makeServerStreamRequest(METHOD, asIs, asIs, Buffer.from('asked'), options);
  const ended = new Promise<grpc.StatusObject>((resolve) => call.on('status', resolve));
  call.on('error', () => undefined);
  return { call, ended, reached: await reached };
}

it('hands the request over as its bytes, with the deadline', async () => {
  const deadline = Date.now() + 60_000;
  const { call, reached, ended } = await openStream({ deadline });
  expect(Buffer.from(reached.request.request).toString()).toBe('asked');
  expect(reached.request).toMatchObject({ target: { node: 'peer0.test' }, method: METHOD });
  expect(Math.abs(reached.request.deadline - deadline)).toBeLessThan(5_000);
  call.resume();
  reached.events.end({ code: grpc.status.OK, message: '', details: undefined });
  expect((await ended).code).toBe(grpc.status.OK);
});

it('tells the engine that a client has cancelled', async () => {
  const { call, reached } = await openStream();
  call.cancel();
  await reached.until('cancel');
});

it('tells the engine that a deadline has passed', async () => {
  const { call, reached, ended } = await openStream({ deadline: Date.now() + 100 });
  call.resume();
  await reached.until('cancel');
  expect((await ended).code).toBe(grpc.status.DEADLINE_EXCEEDED);
});

it('passes code, text and details of a failure', async () => {
  const { call, reached, ended } = await openStream();
  call.resume();
  const details = Uint8Array.of(8, 10);
  reached.events.end({ code: grpc.status.ABORTED, message: 'no', details });
  const status = await ended;
  expect([status.code, status.details]).toEqual([grpc.status.ABORTED, 'no']);
  expect(status.metadata.get('grpc-status-details-bin')).toEqual([Buffer.from(details)]);
});

it('holds answers back while the client does not read, and goes on when it does', async () => {
  const { call, reached } = await openStream();
  for (let sent = 0; !reached.done.includes('pause'); sent += 1) {
    expect(sent).toBeLessThan(16);
    reached.events.message(new Uint8Array(MEGABYTE));
  }
  expect(reached.done).toEqual(['pause']);
  call.resume();
  await reached.until('resume');
  call.cancel();
});
