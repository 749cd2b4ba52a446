import { readFileSync } from 'node:fs';
import { canonical, parseExact, sha256, toHex, utf8, type ExactJson } from '@healthchain/core';
import { CliError } from '../error.ts';

/** Entries sent in one transaction; the server's own limit is 5,000 entries or 20 MB. */
const ENTRIES_PER_TRANSACTION = 1_000;

type ExactObject = { [name: string]: ExactJson };

/** One request of an import: a bundle as text, and the name under which the journal keeps it. */
export interface ImportUnit {
  readonly key: string;
  readonly label: string;
  readonly body: string;
  readonly resources: number;
  /** The transaction's entries all or none; a batch's entries each by itself. */
  readonly atomic: boolean;
}

/**
 * Reads one file: a transaction or batch bundle as it is; a collection bundle or NDJSON as transactions of creates, whose
 * references among themselves become `urn:uuid` references.
 *
 * @throws CliError BAD_INPUT naming the file, and the line of NDJSON
 */
export function readInput(file: string): ImportUnit[] {
  const text = readText(file);
  const first = text.trimStart().split('\n', 1)[0] ?? '';
  if (file.endsWith('.ndjson') || isWholeObject(first)) return fromResources(file, parseLines(file, text));
  const bundle = asObject(file, parse(file, text));
  if (bundle['resourceType'] !== 'Bundle') return fromResources(file, [bundle]);
  if (bundle['type'] === 'transaction' || bundle['type'] === 'batch') return [unitOf(file, bundle)];
  if (bundle['type'] === 'collection') return fromResources(file, entriesOf(file, bundle));
  throw new CliError('BAD_INPUT', `${file}: Bundle.type is ${canonical(bundle['type'] ?? null)}`, {
    details: { hint: 'Import takes bundles of type transaction, batch or collection, and NDJSON.' },
  });
}

function unitOf(label: string, bundle: ExactObject): ImportUnit {
  const body = JSON.stringify(bundle);
  const entries = Array.isArray(bundle['entry']) ? bundle['entry'] : [];
  return {
    key: toHex(sha256(utf8(body))),
    label,
    body,
    resources: entries.length,
    atomic: bundle['type'] === 'transaction',
  };
}

function fromResources(file: string, resources: readonly ExactObject[]): ImportUnit[] {
  const urns = new Map(
    resources.flatMap((resource) => nameOf(resource).map((name) => [name, urnOf(name)] as const)),
  );
  const entries = resources.map((resource) => {
    const [name] = nameOf(resource);
    const type = typeof resource['resourceType'] === 'string' ? resource['resourceType'] : '';
    return {
      fullUrl: name === undefined ? `urn:uuid:${crypto.randomUUID()}` : urnOf(name),
      resource: rewrite(resource, urns) as ExactObject,
      request: { method: 'POST', url: type },
    };
  });
  if (entries.length > ENTRIES_PER_TRANSACTION) {
    throw new CliError(
      'BAD_INPUT',
      `${file}: ${entries.length} resources; one transaction takes ${ENTRIES_PER_TRANSACTION}`,
      {
        details: { hint: 'Split the file by patient, so that the references of each part stay inside it.' },
      },
    );
  }
  return [unitOf(file, { resourceType: 'Bundle', type: 'transaction', entry: entries })];
}

/** The same source resource has the same urn in every run, so that an interrupted import resumes with the same bytes. */
function urnOf(name: string): string {
  const hex = toHex(sha256(utf8(`import ${name}`)));
  return `urn:uuid:${hex.slice(0, 8)}-${hex.slice(8, 12)}-5${hex.slice(13, 16)}-a${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}

function nameOf(resource: ExactObject): string[] {
  const { resourceType, id } = resource;
  return typeof resourceType === 'string' && typeof id === 'string' ? [`${resourceType}/${id}`] : [];
}

function rewrite(value: ExactJson, urns: ReadonlyMap<string, string>): ExactJson {
  if (value === null || typeof value !== 'object' || JSON.isRawJSON(value)) return value;
  if (Array.isArray(value)) return value.map((member) => rewrite(member, urns));
  return Object.fromEntries(
    Object.entries(value).map(([name, member]) => {
      const urn = name === 'reference' && typeof member === 'string' ? urns.get(member) : undefined;
      return [name, urn ?? rewrite(member, urns)];
    }),
  );
}

function entriesOf(file: string, bundle: ExactObject): ExactObject[] {
  const entries = Array.isArray(bundle['entry']) ? bundle['entry'] : [];
  return entries.map((entry) => asObject(file, asObject(file, entry)['resource'] ?? null));
}

function parseLines(file: string, text: string): ExactObject[] {
  return text
    .split('\n')
    .map((line, i) => ({ line, where: `${file}:${i + 1}` }))
    .filter(({ line }) => line.trim() !== '')
    .map(({ line, where }) => asObject(where, parse(where, line)));
}

function isWholeObject(line: string): boolean {
  if (!line.startsWith('{') || !line.trimEnd().endsWith('}')) return false;
  try {
    return (JSON.parse(line) as { resourceType?: unknown }).resourceType !== 'Bundle';
  } catch {
    return false;
  }
}

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (cause) {
    throw new CliError('BAD_INPUT', `${file} cannot be read`, { cause });
  }
}

function parse(where: string, text: string): ExactJson {
  try {
    return parseExact(text);
  } catch (cause) {
    throw new CliError('BAD_INPUT', `${where} is not JSON: ${cause instanceof Error ? cause.message : ''}`, {
      cause,
    });
  }
}

function asObject(where: string, value: ExactJson): ExactObject {
  if (value === null || typeof value !== 'object' || Array.isArray(value) || JSON.isRawJSON(value)) {
    throw new CliError('BAD_INPUT', `${where}: a JSON object is expected`);
  }
  return value;
}
