import type { KeyObject } from 'node:crypto';
import { CustodyError } from '../errors.ts';
import type { Clock, Identities, Identity } from '../ports.ts';
import { verifySignature } from '../signature.ts';
import {
  MAX_REQUEST_LIFETIME_MS,
  personMessage,
  serverMessage,
  signatureBytes,
  type AccessRequest,
  type SignedRequest,
} from './format.ts';

/** Where a request arrives, and from whom. */
export interface Addressee {
  readonly channel: string;
  readonly mspId: string;
  /** MSP id that mutual TLS proved for the caller. */
  readonly member: string;
  readonly now: Clock;
}

/** What can be told without any signature: is the request for this custodian, from this caller, and for this moment? */
export function assertAddressed(request: AccessRequest, addressee: Addressee): void {
  if (request.channel !== addressee.channel) {
    throw new CustodyError('WRONG_CHANNEL', `This custodian serves ${addressee.channel}`);
  }
  if (!request.custodians.includes(addressee.mspId)) {
    throw new CustodyError('NOT_ADDRESSED', `The request is not for ${addressee.mspId}`);
  }
  if (request.server.mspId !== addressee.member) {
    throw new CustodyError('WRONG_MEMBER', 'The request is of another organisation than the connection');
  }
  if (request.kind !== 'rebuild' && request.subject.mspId !== request.server.mspId) {
    throw new CustodyError('WRONG_MEMBER', 'The person is of another organisation than the server');
  }
  assertTimely(Date.parse(request.notAfter), addressee.now());
}

/** @throws CustodyError EXPIRED, LIFETIME_TOO_LONG */
function assertTimely(notAfter: number, now: number): void {
  if (now > notAfter) throw new CustodyError('EXPIRED', 'The request has expired');
  if (notAfter - now > MAX_REQUEST_LIFETIME_MS) {
    throw new CustodyError('LIFETIME_TOO_LONG', `A request lives at most ${MAX_REQUEST_LIFETIME_MS} ms`);
  }
}

/** Who asks: the person, or the organisation's server for a rebuild. */
export async function authenticate(
  request: AccessRequest,
  signed: SignedRequest,
  identities: Identities,
): Promise<Identity> {
  const server = await identify(identities, request.server);
  if (server.role !== 'server')
    throw new CustodyError('WRONG_ROLE', 'The certificate is not that of a server');
  if (request.kind === 'rebuild') {
    assertSigned(server.key, serverMessage(signed.body, undefined), signed.serverSignature);
    return server;
  }
  const person = await identify(identities, request.subject);
  const personSignature = assertSigned(person.key, personMessage(signed.body), signed.personSignature);
  assertSigned(server.key, serverMessage(signed.body, personSignature), signed.serverSignature);
  return person;
}

async function identify(
  identities: Identities,
  claimed: { readonly mspId: string; readonly certificate: string },
): Promise<Identity> {
  const identity = await identities.identify(claimed.mspId, claimed.certificate);
  if (identity === undefined || identity.mspId !== claimed.mspId) {
    throw new CustodyError('UNKNOWN_IDENTITY', `The certificate is not a valid one of ${claimed.mspId}`);
  }
  return identity;
}

function assertSigned(key: KeyObject, message: Uint8Array, signature: string | undefined): Uint8Array {
  const bytes = signatureBytes(signature);
  if (!verifySignature(key, message, bytes))
    throw new CustodyError('BAD_SIGNATURE', 'The signature does not verify');
  return bytes;
}
