import { CoreError, fromUtf8, parseExact, toPlain } from '@healthchain/core';
import { FhirError, type FhirErrorCode } from './errors.ts';
import { type ExactObject, type ExactResource, isObject, type PlainResource } from './resource.ts';
import { scanStructure } from './scan.ts';

/** Largest body accepted: a transaction bundle (health.md section 5). */
const MAX_BODY_BYTES = 20 * 1024 * 1024;

const CODES: Readonly<Partial<Record<string, FhirErrorCode>>> = {
  BAD_ENCODING: 'BAD_UTF8',
  BAD_JSON: 'BAD_JSON',
  TOO_DEEP: 'TOO_DEEP',
};

/**
 * Reads a resource from the bytes of a body. Numbers stay as written; a member name that stands twice in one object is refused,
 * since JSON parsers disagree about which of the two counts.
 *
 * @throws FhirError BODY_TOO_LARGE, BAD_UTF8, BAD_JSON, DUPLICATE_MEMBER, BAD_CHARACTER, TOO_DEEP, NOT_A_RESOURCE
 */
export function readResource(body: Uint8Array | string, maxBytes: number = MAX_BODY_BYTES): ExactResource {
  const value = readJson(body, maxBytes);
  if (!isObject(value) || typeof value['resourceType'] !== 'string') {
    throw new FhirError('NOT_A_RESOURCE', 'The body is not a JSON object with a resourceType');
  }
  return value as ExactResource;
}

/** Any JSON value under the same limits. @throws FhirError as `readResource`, but for NOT_A_RESOURCE */
function readJson(body: Uint8Array | string, maxBytes: number = MAX_BODY_BYTES): unknown {
  const size = typeof body === 'string' ? Buffer.byteLength(body) : body.length;
  if (size > maxBytes) {
    throw new FhirError('BODY_TOO_LARGE', `The body is larger than ${maxBytes} bytes`, {
      details: { maxBytes },
    });
  }
  const text = typeof body === 'string' ? body : translate(() => fromUtf8(body));
  scanStructure(text);
  return translate(() => parseExact(text.startsWith('\uFEFF') ? text.slice(1) : text));
}

/** The bytes of a resource: its members in the order of the tree, digits as written. */
export function resourceText(resource: ExactResource): string {
  return JSON.stringify(resource);
}

export function plainResource(resource: ExactResource): PlainResource {
  return toPlain(resource) as PlainResource;
}

/** A copy with this logical id; `resourceType`, `id` and `meta` come first, the other members keep their order. */
export function withId(resource: ExactResource, id: string): ExactResource {
  return ordered({ ...resource, id });
}

/**
 * A copy as served: `meta.versionId` and `meta.lastUpdated` lead `meta`. A function of its arguments alone, so that every server
 * serves the same bytes for the same version.
 */
export function withServedMeta(
  resource: ExactResource,
  served: { readonly versionId: string; readonly lastUpdated: string },
): ExactResource {
  const { versionId: _version, lastUpdated: _updated, ...meta } = metaOf(resource);
  return ordered({
    ...resource,
    meta: { versionId: served.versionId, lastUpdated: served.lastUpdated, ...meta },
  });
}

/** The bytes that every server serves for a version, from the canonical text that the ledger fixes; null of a tombstone. */
export function servedText(text: string | null, version: number, lastUpdated: string): string | null {
  if (text === null) return null;
  const resource = parseExact(text) as ExactResource;
  return resourceText(withServedMeta(resource, { versionId: String(version), lastUpdated }));
}

/** A copy without `meta.versionId` and `meta.lastUpdated`; an empty `meta` goes too. What the commitment covers. */
export function withoutServedMeta(resource: ExactResource): ExactResource {
  const { versionId: _version, lastUpdated: _updated, ...meta } = metaOf(resource);
  const { meta: _meta, ...rest } = resource;
  return ordered(Object.keys(meta).length === 0 ? rest : { ...rest, meta });
}

export function metaOf(resource: ExactResource): ExactObject {
  return isObject(resource['meta']) ? (resource['meta'] as ExactObject) : {};
}

/** `resourceType`, `id`, `meta` first: readers of the raw text find them at once. */
export function ordered(resource: ExactResource): ExactResource {
  const { resourceType, id, meta, ...rest } = resource;
  return {
    ...(resourceType === undefined ? {} : { resourceType }),
    ...(id === undefined ? {} : { id }),
    ...(meta === undefined ? {} : { meta }),
    ...rest,
  };
}

function translate<T>(parse: () => T): T {
  try {
    return parse();
  } catch (cause) {
    const code = cause instanceof CoreError ? CODES[cause.code] : undefined;
    if (code === undefined) throw cause;
    throw new FhirError(code, (cause as CoreError).message, { cause });
  }
}
