import { randomUUID } from 'node:crypto';
import {
  createReaderKey,
  ecdsaSigner,
  MAX_REQUEST_LIFETIME_MS,
  signRequest,
  type Asked,
  type Epoch,
  type LogRequest,
  type ReadRequest,
  type RebuildRequest,
  type RecordVersion,
  type Signer,
  type SignedRequest,
} from '@healthchain/custody';
import type { RequestContext } from '../../ports.ts';
import type { KeyPair } from '../context.ts';
import { ExchangeError } from '../error.ts';
import type { LedgerFacts } from '../facts/facts.ts';

/** A little less than custodians accept, for clocks that differ. */
const LIFETIME_MS = MAX_REQUEST_LIFETIME_MS - 5_000;

/** Who signs the requests of this server. */
export interface Requester {
  readonly mspId: string;
  readonly server: KeyPair;
  /** @throws ExchangeError FORBIDDEN */
  keyPair(userId: string): KeyPair;
  readonly facts: LedgerFacts;
  readonly clock: () => Date;
}

export interface ReadTerms {
  readonly channel: string;
  readonly person: string | null;
  readonly records: readonly RecordVersion[];
  readonly epoch: Epoch;
  readonly emergency: string | undefined;
}

/** A read on behalf of a person, signed by the person's key and the server's. */
export function readRequest(
  requester: Requester,
  { caller, interaction }: RequestContext,
  terms: ReadTerms,
): Asked {
  const { person, records, emergency } = terms;
  const pair = requester.keyPair(caller.userId);
  const key = createReaderKey();
  const request: ReadRequest = {
    ...commonOf(requester, terms.channel, custodiansOf(terms.epoch), key.publicKey),
    kind: 'read',
    subject: { mspId: caller.mspId, certificate: pair.certificate },
    purpose: emergency === undefined ? caller.purpose : 'ETREAT',
    ...(interaction === undefined ? {} : { interaction }),
    assurance: 'server-key',
    person,
    records: [...records],
    ...(emergency === undefined ? {} : { emergency }),
  };
  return { request, signed: signRequest(request, signersOf(requester, pair)), privateKey: key.privateKey };
}

/** The server fetches its own organisation's records back. */
export function rebuildRequest(
  requester: Requester,
  terms: Pick<ReadTerms, 'channel' | 'records' | 'epoch'>,
): Asked {
  const key = createReaderKey();
  const request: RebuildRequest = {
    ...commonOf(requester, terms.channel, custodiansOf(terms.epoch), key.publicKey),
    kind: 'rebuild',
    purpose: 'HOPERAT',
    records: [...terms.records],
  };
  return {
    request,
    signed: signRequest(request, signersOf(requester, undefined)),
    privateKey: key.privateKey,
  };
}

/** To read what one custodian logged about a person. */
export function logRequest(
  requester: Requester,
  { caller, interaction }: RequestContext,
  terms: { readonly channel: string; readonly person: string; readonly custodians: readonly string[] },
): SignedRequest {
  const pair = requester.keyPair(caller.userId);
  const request: LogRequest = {
    ...commonOf(requester, terms.channel, terms.custodians, createReaderKey().publicKey),
    kind: 'log',
    subject: { mspId: caller.mspId, certificate: pair.certificate },
    purpose: caller.purpose,
    ...(interaction === undefined ? {} : { interaction }),
    assurance: 'server-key',
    person: terms.person,
  };
  return signRequest(request, signersOf(requester, pair));
}

function commonOf(requester: Requester, channel: string, custodians: readonly string[], readerKey: string) {
  const { facts, mspId, server, clock } = requester;
  const position = facts.position(channel);
  if (position === undefined) throw new ExchangeError('UNAVAILABLE', `No block of ${channel} was seen yet`);
  return {
    id: randomUUID(),
    channel,
    readerKey,
    custodians: [...custodians].sort(),
    ledger: { height: position.number, headerHash: position.headerHash },
    notAfter: new Date(clock().getTime() + LIFETIME_MS).toISOString(),
    server: { mspId, certificate: server.certificate },
  };
}

function custodiansOf(epoch: Epoch): string[] {
  return epoch.custodians.map(({ mspId }) => mspId);
}

const signers = new WeakMap<KeyPair, Signer>();

function signerOf(pair: KeyPair): Signer {
  const known = signers.get(pair) ?? ecdsaSigner(pair.privateKey);
  signers.set(pair, known);
  return known;
}

function signersOf({ server }: Requester, person: KeyPair | undefined) {
  return { server: signerOf(server), ...(person === undefined ? {} : { person: signerOf(person) }) };
}
