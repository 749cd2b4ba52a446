import {
  canonical,
  fromUtf8,
  isRawNumber,
  labelled,
  labelledHash,
  parseExact,
  utf8,
  type Bytes,
  type ExactJson,
  type RecordHeader,
  type RecordLabels,
} from '@healthchain/core';
import { CustodyError } from '../errors.ts';
import { assertPadding, pad } from './padme.ts';

export type Resource = { [name: string]: ExactJson };

/** What the ciphertext holds. */
export interface Content {
  /** 32 random bytes: without them the commitment hides nothing that can be guessed. */
  readonly salt: Uint8Array;
  /** FHIR resource type; not on the ledger. */
  readonly type: string;
  /** Canonical JSON of the resource without `meta.versionId` and `meta.lastUpdated`. */
  readonly text: string;
}

export const SALT_LENGTH = 32;

/** The resource as the commitment covers it. A `meta` that has nothing else is left out. */
export function committedText(resource: Resource): string {
  const { meta, ...rest } = resource;
  if (!isObject(meta)) return canonical(resource);
  const { versionId: _versionId, lastUpdated: _lastUpdated, ...kept } = meta;
  return canonical(Object.keys(kept).length === 0 ? rest : { ...rest, meta: kept });
}

/** SHA-256 over label, salt, header and canonical resource, each length-prefixed (custody.md section 2). */
export function commitmentOf(header: RecordHeader, labels: RecordLabels, content: Content): Bytes {
  const bound = {
    recordId: header.recordId,
    version: header.version,
    persons: header.persons,
    categories: labels.categories,
    type: content.type,
  };
  return labelledHash('commitment', content.salt, utf8(canonical(bound)), utf8(content.text));
}

export function encodeContent({ salt, type, text }: Content): Bytes {
  return pad(labelled('record-content', salt, utf8(type), utf8(text)));
}

/** @throws CustodyError MALFORMED unless the bytes are what `encodeContent` makes */
export function decodeContent(padded: Uint8Array): Content {
  const { parts, end } = readParts(padded, 4);
  const [label, salt, type, text] = parts as [Uint8Array, Uint8Array, Uint8Array, Uint8Array];
  assertPadding(padded, end);
  try {
    if (fromUtf8(label) !== 'healthchain/v1/record-content' || salt.length !== SALT_LENGTH)
      throw unlabelled();
    return { salt, type: fromUtf8(type), text: fromUtf8(text) };
  } catch (cause) {
    throw new CustodyError('MALFORMED', 'The content of the record breaks its format', { cause });
  }
}

/** @throws CustodyError MALFORMED unless the text is canonical JSON of one resource; TYPE_MISMATCH */
export function parseResource({ type, text }: Content): Resource {
  let resource: ExactJson;
  try {
    resource = parseExact(text);
  } catch (cause) {
    throw new CustodyError('MALFORMED', 'The content of the record is not JSON', { cause });
  }
  if (!isObject(resource) || committedText(resource) !== text) {
    throw new CustodyError('MALFORMED', 'The content of the record is not a canonical resource');
  }
  if (resource['resourceType'] !== type) {
    throw new CustodyError('TYPE_MISMATCH', 'The resource is not of the type that was committed to');
  }
  return resource;
}

function readParts(bytes: Uint8Array, count: number): { parts: Uint8Array[]; end: number } {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const parts: Uint8Array[] = [];
  let end = 0;
  for (let i = 0; i < count; i++) {
    const length = end + 4 <= bytes.length ? view.getUint32(end) : Infinity;
    if (end + 4 + length > bytes.length) throw new CustodyError('MALFORMED', 'The content is cut off');
    parts.push(bytes.slice(end + 4, end + 4 + length));
    end += 4 + length;
  }
  return { parts, end };
}

function unlabelled(): CustodyError {
  return new CustodyError('MALFORMED', 'The content carries another label');
}

function isObject(value: ExactJson | undefined): value is Resource {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !isRawNumber(value);
}
