import { ROLES, fromBase64, fromUtf8, isPersonId } from '@healthchain/core';
import { ContractError } from './errors.ts';
import type { Signer } from './state/rows.ts';

/**
 * Who signed the transaction: role and user id from the attribute extension that Fabric CA writes and ClientIdentity reads
 * (OID 1.2.3.4.5.6.7.8.1, JSON `{"attrs":{"role":…,"userId":…}}`). That the certificate is valid and of this MSP, the peer has
 * checked before it calls the chaincode.
 *
 * @throws ContractError BAD_CERTIFICATE
 */
export function signerOf(creator: { readonly mspid: string; readonly idBytes: Uint8Array }): Signer {
  const { role, userId } = attributesOf(creator.idBytes);
  const known = ROLES.find((name) => name === role);
  if (known === undefined || typeof userId !== 'string' || !isPersonId(userId)) {
    throw new ContractError('BAD_CERTIFICATE', 'the certificate carries no known role and user id');
  }
  return { mspId: creator.mspid, userId, role: known };
}

const ATTRIBUTES_OID = Uint8Array.of(0x2a, 0x03, 0x04, 0x05, 0x06, 0x07, 0x08, 0x01);
const SEQUENCE = 0x30;
const OID = 0x06;
const OCTET_STRING = 0x04;
const EXTENSIONS = 0xa3;

function attributesOf(pem: Uint8Array): Readonly<Record<string, unknown>> {
  try {
    const certificate = only(children(derOf(fromUtf8(pem))), SEQUENCE);
    const toBeSigned = only(children(certificate), SEQUENCE);
    const extensions = children(only(children(only(children(toBeSigned), EXTENSIONS)), SEQUENCE));
    const value = extensions.map((extension) => children(extension.content)).find(isAttributes);
    const json: unknown = value === undefined ? {} : JSON.parse(fromUtf8(only(value, OCTET_STRING)));
    return recordOf(recordOf(json).attrs);
  } catch (cause) {
    throw new ContractError('BAD_CERTIFICATE', 'the creator is not an X.509 certificate with attributes', {
      cause,
    });
  }
}

function isAttributes(extension: readonly Der[]): boolean {
  const oid = extension[0];
  return (
    oid?.tag === OID &&
    oid.content.length === ATTRIBUTES_OID.length &&
    oid.content.every((byte, i) => byte === ATTRIBUTES_OID[i])
  );
}

function recordOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}

function derOf(pem: string): Uint8Array {
  const body = /-----BEGIN CERTIFICATE-----([\s\S]*?)-----END CERTIFICATE-----/.exec(pem)?.[1];
  if (body === undefined) throw new Error('not PEM');
  return fromBase64(body.replaceAll(/\s/g, ''));
}

/** An element of DER (X.690): its tag byte and its content. */
interface Der {
  readonly tag: number;
  readonly content: Uint8Array;
}

function children(bytes: Uint8Array): Der[] {
  const elements: Der[] = [];
  for (let offset = 0; offset < bytes.length;) {
    const { length, begin } = lengthAt(bytes, offset + 1);
    if (begin + length > bytes.length) throw new Error('DER ends early');
    elements.push({ tag: bytes[offset] as number, content: bytes.subarray(begin, begin + length) });
    offset = begin + length;
  }
  return elements;
}

function lengthAt(bytes: Uint8Array, offset: number): { length: number; begin: number } {
  const first = bytes[offset] ?? 0x80;
  if (first < 0x80) return { length: first, begin: offset + 1 };
  const size = first & 0x7f;
  if (size === 0 || size > 3) throw new Error('DER length not possible');
  let length = 0;
  for (let i = 1; i <= size; i++) length = length * 256 + (bytes[offset + i] ?? 0);
  return { length, begin: offset + 1 + size };
}

function only(elements: readonly Der[], tag: number): Uint8Array {
  const element = elements.find((candidate) => candidate.tag === tag);
  if (element === undefined) throw new Error('DER element missing');
  return element.content;
}
