import {
  CATEGORIES,
  RESTRICTED,
  fromBase64url,
  fromUtf8,
  toBase64,
  toBase64url,
  utf8,
} from '@healthchain/core';
import { ContractError } from '../errors.ts';
import { MAX_HISTORY, type recordsFunctions } from '../functions/records.ts';
import type { Page } from '../functions/shared.ts';
import type { ParsedArgumentOf } from '../registry.ts';
import type { IndexRow, VersionRow } from '../state/rows.ts';
import { tables } from '../state/tables.ts';
import type { Tx } from '../tx.ts';
import { identifierHash } from './directory.ts';
import { assertOwnPerson } from './persons.ts';
import type { RulesOf } from './rule.ts';
import { write } from './write.ts';

export const recordsRules: RulesOf<keyof typeof recordsFunctions> = {
  'records:Write': write,

  'records:Get': async (tx, { recordId, version }) => {
    const wanted = version ?? (await tx.get(tables.head, [recordId]))?.version;
    return versionRow(tx, recordId, wanted);
  },

  'records:Body': async (tx, { recordId, version }) => {
    const row = await versionRow(tx, recordId, version);
    const body = await tx.get(tables.body, [recordId, version]);
    if (body === undefined) throw new ContractError('RECORD_UNKNOWN', 'the version has no content');
    return { version: row, ciphertext: toBase64(body) };
  },

  'records:Sealed': async (tx, { transactionId }) => {
    const sealing = await tx.get(tables.sealing, [transactionId]);
    if (sealing === undefined) throw new ContractError('RECORD_UNKNOWN', 'the transaction sealed nothing');
    return sealing;
  },

  'records:History': async (tx, { recordId }) => {
    const versions = await tx.scan(tables.version, [recordId]);
    const first = versions[0];
    if (first === undefined) throw unknown();
    await assertOwnRecord(tx, first);
    return { versions: versions.slice(-MAX_HISTORY) };
  },

  'records:ListByPerson': async (tx, argument) => {
    await assertOwnPerson(tx, argument.personId);
    return listByPerson(tx, argument);
  },

  'records:ListByCategory': async (tx, { category, ...paging }) => tx.page(tables.index, [category], paging),

  'records:GetDirectory': async (tx, { type, recordId, version }) => {
    const row = await (version === undefined
      ? tx.get(tables.directory, [type, recordId])
      : tx.get(tables.directoryVersion, [type, recordId, version]));
    if (row === undefined) throw unknown();
    return row;
  },

  'records:ListDirectory': async (tx, { type, mspId, ...paging }) => {
    const page = await tx.page(tables.directory, [type], paging);
    return { ...page, rows: page.rows.filter((row) => mspId === undefined || row.author.mspId === mspId) };
  },

  'records:FindDirectory': async (tx, { type, identifier }) => {
    const pointers = await tx.scan(tables.directoryByIdentifier, [type, identifierHash(identifier)]);
    const oldestFirst = pointers.toSorted((a, b) =>
      a.createdAt === b.createdAt ? (a.recordId < b.recordId ? -1 : 1) : a.createdAt < b.createdAt ? -1 : 1,
    );
    const rows = await Promise.all(
      oldestFirst.map(({ recordId }) => tx.get(tables.directory, [type, recordId])),
    );
    return { entries: rows.filter((row) => row !== undefined) };
  },
};

async function versionRow(tx: Tx, recordId: string, version: number | undefined): Promise<VersionRow> {
  const row = version === undefined ? undefined : await tx.get(tables.version, [recordId, version]);
  if (row === undefined) throw unknown();
  await assertOwnRecord(tx, row);
  return row;
}

/** A patient looks at records about the own person alone. */
async function assertOwnRecord(tx: Tx, { header }: VersionRow): Promise<void> {
  if (tx.caller.role !== 'patient') return;
  const [person, ...others] = header.persons;
  if (person === undefined || others.length > 0) {
    throw new ContractError('NOT_THE_PATIENT', 'the record is not about the caller alone');
  }
  await assertOwnPerson(tx, person);
}

function unknown(): ContractError {
  return new ContractError('RECORD_UNKNOWN', 'there is no such record or version');
}

const LISTED: readonly IndexRow['categories'][number][] = [...CATEGORIES, RESTRICTED];

/** Goes through the ranges (category, person) one after the other; a record of several categories stands in the first. */
async function listByPerson(
  tx: Tx,
  { personId, categories, pageSize, bookmark }: ParsedArgumentOf<'records:ListByPerson'>,
): Promise<Page<IndexRow>> {
  const wanted = LISTED.filter((category) => categories === undefined || categories.includes(category));
  let { at, inner } = positionOf(bookmark, wanted.length);
  const rows: IndexRow[] = [];
  for (; at < wanted.length; at++, inner = undefined) {
    const category = wanted[at] as IndexRow['categories'][number];
    const paging = { pageSize: pageSize - rows.length, bookmark: inner };
    const page: Page<IndexRow> = await tx.page(tables.index, [category, personId], paging);
    rows.push(
      ...page.rows.filter((row) => wanted.find((name) => row.categories.includes(name)) === category),
    );
    if (page.bookmark !== undefined) return { rows, bookmark: bookmarkOf(at, page.bookmark) };
    if (rows.length === pageSize && at + 1 < wanted.length) return { rows, bookmark: bookmarkOf(at + 1) };
  }
  return { rows };
}

function bookmarkOf(at: number, inner?: string): string {
  return toBase64url(utf8(JSON.stringify(inner === undefined ? { at } : { at, inner })));
}

function positionOf(bookmark: string | undefined, ranges: number): { at: number; inner: string | undefined } {
  if (bookmark === undefined) return { at: 0, inner: undefined };
  const { at, inner } = parsed(bookmark);
  const isPosition = typeof at === 'number' && Number.isInteger(at) && at >= 0 && at < ranges;
  if (!isPosition || (inner !== undefined && typeof inner !== 'string')) {
    throw new ContractError('BAD_BOOKMARK', 'the bookmark is not of this list');
  }
  return { at, inner };
}

function parsed(bookmark: string): { readonly at?: unknown; readonly inner?: unknown } {
  try {
    return (JSON.parse(fromUtf8(fromBase64url(bookmark))) ?? {}) as { at?: unknown; inner?: unknown };
  } catch (cause) {
    throw new ContractError('BAD_BOOKMARK', 'the bookmark is not one of ours', { cause });
  }
}
