import {
  canonical,
  fromBase64,
  labelled,
  personId,
  PURPOSES,
  recordId,
  mspId,
  sha256,
  sha256Hex,
  toBase64,
  toHex,
  utf8,
} from '@healthchain/core';
import { z } from 'zod';
import { CustodyError } from '../errors.ts';
import type { Signer } from '../signature.ts';

/** Versions that one request may name; what a search opens at most (health.md section 7). */
export const MAX_RECORDS_PER_REQUEST = 1_000;
/** The longest life of a request (custody.md section 4). */
export const MAX_REQUEST_LIFETIME_MS = 30_000;
/** Bytes of one request on the wire: 1,000 records, two certificates, a key. */
export const MAX_REQUEST_BYTES = 512 * 1024;

const certificate = z.string().max(8_192);
const recordVersion = z.strictObject({ recordId, version: z.int().min(1) });
export type RecordVersion = z.infer<typeof recordVersion>;

const common = {
  /** Random; one id, one set of bytes, one answer. */
  id: z.uuid(),
  channel: z.string().min(1).max(249),
  /** The reader's fresh X-Wing public key, base64. */
  readerKey: z.string().length(1624),
  /** MSP ids of the custodians that this request is for, sorted. */
  custodians: z.array(mspId).min(1).max(255),
  /** What the reader has seen; a custodian whose peer is not there yet, or elsewhere, refuses. */
  ledger: z.strictObject({ height: z.int().min(0), headerHash: sha256Hex }),
  notAfter: z.iso.datetime({ precision: 3 }),
  server: z.strictObject({ mspId, certificate }),
};
const personal = {
  ...common,
  subject: z.strictObject({ mspId, certificate }),
  purpose: z.enum(PURPOSES),
  /** What the person did, for the patient's log (`read`, `search-type`, `everything`). */
  interaction: z.string().max(64).optional(),
  /** Who held the person's key when it signed. */
  assurance: z.enum(['server-key', 'device-key']),
};

/** The formats of a request, by kind. `person` is the patient, or null when the records are those of no person or of several. */
const accessRequest = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('read'),
    ...personal,
    person: personId.nullable(),
    records: z.array(recordVersion).min(1).max(MAX_RECORDS_PER_REQUEST),
    /** Transaction id of the emergency, with purpose ETREAT only. */
    emergency: sha256Hex.optional(),
  }),
  z.strictObject({ kind: z.literal('log'), ...personal, person: personId }),
  z.strictObject({
    kind: z.literal('rebuild'),
    ...common,
    purpose: z.literal('HOPERAT'),
    records: z.array(recordVersion).min(1).max(MAX_RECORDS_PER_REQUEST),
  }),
]);
export type AccessRequest = z.infer<typeof accessRequest>;
export type ReadRequest = Extract<AccessRequest, { kind: 'read' }>;
export type LogRequest = Extract<AccessRequest, { kind: 'log' }>;
export type RebuildRequest = Extract<AccessRequest, { kind: 'rebuild' }>;

/** As it crosses between servers. `body` is the canonical JSON that was signed; signatures are base64 DER, low-S. */
export interface SignedRequest {
  readonly body: string;
  /** By the person's key; absent from a rebuild. */
  readonly personSignature?: string;
  readonly serverSignature: string;
}

export interface RequestSigners {
  readonly server: Signer;
  /** Absent for a rebuild. */
  readonly person?: Signer;
}

/** @throws CustodyError MALFORMED when the request breaks its format, or the person's signer is missing */
export function signRequest(request: AccessRequest, signers: RequestSigners): SignedRequest {
  const body = canonical(checked(request));
  const person = request.kind === 'rebuild' ? undefined : signers.person;
  if (request.kind !== 'rebuild' && person === undefined) {
    throw new CustodyError('MALFORMED', 'A request of a person needs the signature of that person');
  }
  const personSignature = person?.sign(personMessage(body));
  return {
    body,
    ...(personSignature === undefined ? {} : { personSignature: toBase64(personSignature) }),
    serverSignature: toBase64(signers.server.sign(serverMessage(body, personSignature))),
  };
}

/** @throws CustodyError MALFORMED, TOO_LARGE */
export function parseRequest(signed: SignedRequest): AccessRequest {
  if (typeof signed.body !== 'string' || signed.body.length > MAX_REQUEST_BYTES) {
    throw new CustodyError('TOO_LARGE', `A request has at most ${MAX_REQUEST_BYTES} bytes`);
  }
  let value: unknown;
  try {
    value = JSON.parse(signed.body);
  } catch (cause) {
    throw new CustodyError('MALFORMED', 'The request is not JSON', { cause });
  }
  const request = checked(value);
  if (canonical(request) !== signed.body)
    throw new CustodyError('MALFORMED', 'The request is not canonical JSON');
  return request;
}

/** Hex SHA-256 of the body: what idempotency compares and what answers and log entries name. */
export function requestHash(signed: SignedRequest): string {
  return toHex(sha256(utf8(signed.body)));
}

/** What the person's key signs. */
export function personMessage(body: string): Uint8Array {
  return labelled('access-request', utf8(body));
}

/** What the server's key signs: the request together with the person's signature. */
export function serverMessage(body: string, personSignature: Uint8Array | undefined): Uint8Array {
  return labelled('access-request-server', utf8(body), personSignature ?? new Uint8Array(0));
}

export function signatureBytes(text: string | undefined): Uint8Array {
  try {
    return fromBase64(text ?? '');
  } catch (cause) {
    throw new CustodyError('BAD_SIGNATURE', 'The signature is not base64', { cause });
  }
}

function checked(value: unknown): AccessRequest {
  const parsed = accessRequest.safeParse(value);
  if (!parsed.success)
    throw new CustodyError('MALFORMED', 'The request breaks its format', { cause: parsed.error });
  if (!isSortedUnique(parsed.data.custodians))
    throw new CustodyError('MALFORMED', 'The custodians are not sorted');
  if (parsed.data.kind !== 'log' && hasRepeats(parsed.data.records)) {
    throw new CustodyError('MALFORMED', 'A record is named twice');
  }
  return parsed.data;
}

function hasRepeats(records: readonly RecordVersion[]): boolean {
  return new Set(records.map(({ recordId, version }) => `${recordId}/${version}`)).size < records.length;
}

function isSortedUnique(values: readonly string[]): boolean {
  return values.every((value, i) => i === 0 || (values[i - 1] as string) < value);
}
