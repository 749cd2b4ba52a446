import { createCipheriv, createDecipheriv, createSecretKey, randomBytes } from 'node:crypto';
import {
  canonical,
  concat,
  labelled,
  MAX_CIPHERTEXT_BYTES,
  sha256,
  toHex,
  utf8,
  type Bytes,
  type RecordHeader,
  type RecordLabels,
} from '@healthchain/core';
import { CustodyError } from '../errors.ts';
import type { Randomness } from '../ports.ts';
import { DATA_KEY_LENGTH } from '../shares/shares.ts';
import {
  commitmentOf,
  committedText,
  decodeContent,
  encodeContent,
  parseResource,
  SALT_LENGTH,
  type Resource,
} from './content.ts';
import { headerFitsLabels } from './labels.ts';

/** Envelope suite 1, named in the record's header: AES-256-GCM under a key of one version, Padmé, 96-bit random nonce first. */
const ENVELOPE_SUITE = 1;

const NONCE = 12;
const TAG = 16;

export interface RecordInput {
  readonly header: RecordHeader;
  /** The true categories and labels. */
  readonly labels: RecordLabels;
  readonly type: string;
  readonly resource: Resource;
}

export interface SealedRecord {
  readonly ciphertext: Bytes;
  /** Hex SHA-256 of the ciphertext. */
  readonly ciphertextHash: string;
  /** Hex. */
  readonly commitment: string;
  /** Secret; to be overwritten once it is dealt. */
  readonly dataKey: Bytes;
}

/** What the ledger says of one version of a record, and its ciphertext. */
export interface CommittedRecord {
  readonly header: RecordHeader;
  readonly ciphertext: Uint8Array;
  readonly ciphertextHash: string;
  readonly commitment: string;
}

export interface OpenedRecord {
  readonly header: RecordHeader;
  readonly labels: RecordLabels;
  readonly type: string;
  readonly resource: Resource;
  /** Canonical JSON of the resource. */
  readonly text: string;
}

/**
 * Encrypts one version of a record under a fresh key.
 *
 * @throws CustodyError UNKNOWN_SUITE; HEADER_MISMATCH when the header shows other categories than the labels allow;
 *   TYPE_MISMATCH; TOO_LARGE when the ciphertext exceeds 64 KB
 */
export function sealRecord(input: RecordInput, random: Randomness = freshBytes): SealedRecord {
  assertSuite(input.header);
  if (!headerFitsLabels(input.header, input.labels)) {
    throw new CustodyError(
      'HEADER_MISMATCH',
      'The header does not show the categories that the labels allow',
    );
  }
  const content = { salt: random(SALT_LENGTH), type: input.type, text: committedText(input.resource) };
  if (input.resource['resourceType'] !== input.type) {
    throw new CustodyError('TYPE_MISMATCH', 'The resource is of another type');
  }
  const dataKey = random(DATA_KEY_LENGTH);
  const ciphertext = encrypt(
    dataKey,
    random(NONCE),
    headerBytes(input.header, input.labels),
    encodeContent(content),
  );
  if (ciphertext.length > MAX_CIPHERTEXT_BYTES) {
    throw new CustodyError('TOO_LARGE', `The encrypted record exceeds ${MAX_CIPHERTEXT_BYTES} bytes`);
  }
  const commitment = toHex(commitmentOf(input.header, input.labels, content));
  return { ciphertext, ciphertextHash: toHex(sha256(ciphertext)), commitment, dataKey };
}

/**
 * Decrypts and checks one version of a record against what the ledger says. That person and categories are those of the
 * resource is left to the caller, who knows FHIR.
 *
 * @throws CustodyError UNKNOWN_SUITE; CIPHERTEXT_MISMATCH; HEADER_MISMATCH; OPEN_FAILED for another key, header or
 *   labels; MALFORMED; TYPE_MISMATCH; COMMITMENT_MISMATCH
 */
export function openRecord(dataKey: Uint8Array, labels: RecordLabels, record: CommittedRecord): OpenedRecord {
  const { header } = record;
  assertSuite(header);
  if (toHex(sha256(record.ciphertext)) !== record.ciphertextHash) {
    throw new CustodyError('CIPHERTEXT_MISMATCH', 'The ciphertext is not the one on the ledger');
  }
  if (!headerFitsLabels(header, labels)) {
    throw new CustodyError(
      'HEADER_MISMATCH',
      'The header does not show the categories that the labels allow',
    );
  }
  const content = decodeContent(decrypt(dataKey, headerBytes(header, labels), record.ciphertext));
  if (toHex(commitmentOf(header, labels, content)) !== record.commitment) {
    throw new CustodyError('COMMITMENT_MISMATCH', 'The content is not what was committed to');
  }
  return { header, labels, type: content.type, resource: parseResource(content), text: content.text };
}

/** What authenticates the ciphertext: the header on the ledger and the labels that only author, custodians and readers see. */
function headerBytes(header: RecordHeader, labels: RecordLabels): Bytes {
  return labelled('record-header', utf8(canonical(header)), utf8(canonical(labels)));
}

function assertSuite(header: RecordHeader): void {
  if (header.label !== 'healthchain/v1/record' || header.suite !== ENVELOPE_SUITE) {
    throw new CustodyError('UNKNOWN_SUITE', 'The record has a format that is not known');
  }
}

function encrypt(key: Uint8Array, nonce: Uint8Array, aad: Uint8Array, content: Uint8Array): Bytes {
  const cipher = createCipheriv('aes-256-gcm', createSecretKey(key), nonce, { authTagLength: TAG });
  cipher.setAAD(aad);
  return concat(nonce, cipher.update(content), cipher.final(), cipher.getAuthTag());
}

function decrypt(key: Uint8Array, aad: Uint8Array, ciphertext: Uint8Array): Bytes {
  const border = ciphertext.length - TAG;
  if (border < NONCE)
    throw new CustodyError('OPEN_FAILED', 'The ciphertext is shorter than its nonce and tag');
  try {
    const cipher = createDecipheriv('aes-256-gcm', createSecretKey(key), ciphertext.subarray(0, NONCE), {
      authTagLength: TAG,
    });
    cipher.setAAD(aad);
    cipher.setAuthTag(ciphertext.subarray(border));
    return concat(cipher.update(ciphertext.subarray(NONCE, border)), cipher.final());
  } catch (cause) {
    throw new CustodyError('OPEN_FAILED', 'The record does not open', { cause });
  }
}

export function freshBytes(length: number): Bytes {
  return new Uint8Array(randomBytes(length));
}
