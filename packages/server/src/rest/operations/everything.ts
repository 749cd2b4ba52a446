import { localReference, referencesIn, typeRow } from '../../fhir/index.ts';
import { type LedgerVersion, MAX_OPENED } from '../../ports.ts';
import type { StoredVersion } from '../../store/index.ts';
import { stateRefused, stateReleased } from '../access.ts';
import { json } from '../answers.ts';
import { type BundleEntry, bundleText } from '../bundle-text.ts';
import { coverage } from '../coverage.ts';
import { notFound } from '../error.ts';
import { openForeign } from '../foreign.ts';
import { createGate, factsOf, type Gate } from '../gate.ts';
import { badParameter, countOf, cursorOf, instantOf, nextLink, selfLink } from '../paging.ts';
import { categoriesOfTypes } from '../persons.ts';
import { part, pass, type RestAnswer, type Visit } from '../visit.ts';

/** A record of the person, not decided about yet. */
interface Candidate {
  readonly ledger: LedgerVersion;
  /** Of an own record: its content. */
  readonly stored: StoredVersion | undefined;
}

interface Page {
  readonly records: readonly StoredVersion[];
  readonly unreachable: readonly string[];
  /** Where the next page begins, when there is one. */
  readonly next: string | undefined;
}

/**
 * `Patient/{id}/$everything`: what the caller may read of a person, of all organisations, in commit order, and the directory entries
 * that it refers to. Who may read nothing gets the answer of a person who does not exist.
 */
export async function everything(visit: Visit): Promise<RestAnswer> {
  const types = typesOf(visit);
  const all = await candidates(visit, types);
  const gate = createGate(visit, 'person');
  const readable = await withoutRefused(gate, all);
  const wanted = narrowed(visit, readable, types);
  const page = await fill(visit, wanted, types);
  if (cursorOf(visit) === undefined) await stateRefused(visit, gate.refused());
  if (page.records.length === 0 && !readable.some(({ stored }) => stored !== undefined)) throw notFound();
  await stateReleased(
    visit,
    gate,
    page.records.flatMap((record) => factsOf(record) ?? []),
  );
  return renderEverything(visit, page);
}

function typesOf(visit: Visit): ReadonlySet<string> | undefined {
  const names = visit.request.parameters.getAll('_type').flatMap((value) => value.split(','));
  if (names.length === 0) return undefined;
  const stranger = names.find((name) => typeRow(name) === undefined);
  if (stranger !== undefined) throw badParameter('_type', 'names no resource type of FHIR R4');
  return new Set(names);
}

/** Heads of the person's records by channel, block and id: an order that an amendment elsewhere does not disturb. */
async function candidates(visit: Visit, types: ReadonlySet<string> | undefined): Promise<Candidate[]> {
  const { exchange, store, organisation } = visit.server;
  const person = await exchange.persons.ofPatient(part(visit, 'id'));
  pass(visit, 'locate');
  if (person === undefined) return [];
  const categories = types === undefined ? undefined : categoriesOfTypes([...types]);
  const heads = await exchange.listPerson(person, categories === undefined ? {} : { categories });
  const persons = new Set([person, ...heads.flatMap((head) => head.persons)]);
  const stored = new Map(
    [...persons].flatMap((id) => store.ofPerson(id)).map((record) => [record.id, record]),
  );
  return heads
    .map((ledger): Candidate => ({ ledger, stored: stored.get(ledger.recordId) }))
    .filter(({ ledger, stored }) => ledger.author.mspId !== organisation.mspId || stored !== undefined)
    .sort((left, right) => compare(keyOf(left.ledger), keyOf(right.ledger)));
}

async function withoutRefused(gate: Gate, all: readonly Candidate[]): Promise<Candidate[]> {
  const facts = all.map(({ stored }) => (stored === undefined ? undefined : factsOf(stored)));
  const answers = await gate.permitted(facts.filter((each) => each !== undefined));
  let next = 0;
  return all.filter((_, i) => facts[i] === undefined || answers[next++] === true);
}

function narrowed(
  visit: Visit,
  all: readonly Candidate[],
  types: ReadonlySet<string> | undefined,
): Candidate[] {
  const since = instantOf(visit, '_since');
  const after = cursorOf(visit);
  return all.filter(({ ledger, stored }) => {
    if (since !== undefined && Date.parse(ledger.lastUpdated) < Date.parse(since)) return false;
    if (after !== undefined && compare(keyOf(ledger), JSON.parse(after) as Key) <= 0) return false;
    return types === undefined || stored === undefined || types.has(stored.type);
  });
}

/** A record on its way to a page. */
interface Taken {
  readonly record: StoredVersion;
  readonly key: Key;
}

/**
 * Opens foreign records until the page is full and one more is found: a next page that holds nothing would tell that something is
 * there. An opened record of another type than wanted takes no place.
 */
async function fill(
  visit: Visit,
  wanted: readonly Candidate[],
  types: ReadonlySet<string> | undefined,
): Promise<Page> {
  const count = countOf(visit);
  const found: Taken[] = [];
  const unreachable = new Set<string>();
  let taken = 0;
  let opened = 0;
  pass(visit, 'open');
  while (taken < wanted.length && found.length <= count && opened < MAX_OPENED) {
    const chunk = wanted.slice(taken, taken + Math.min(count + 1 - found.length, MAX_OPENED - opened));
    const foreign = chunk.filter(({ stored }) => stored === undefined).map(({ ledger }) => ledger);
    const outcome = await openForeign(visit, foreign);
    const byId = new Map(outcome.records.map((record) => [record.id, record]));
    for (const { ledger, stored } of chunk) {
      const record = stored ?? byId.get(ledger.recordId);
      if (record !== undefined && (types === undefined || types.has(record.type)))
        found.push({ record, key: keyOf(ledger) });
    }
    for (const mspId of outcome.unreachable) unreachable.add(mspId);
    taken += chunk.length;
    opened += foreign.length;
  }
  pass(visit, 'filter');
  const shown = found.slice(0, count);
  const last = found.length > count ? shown.at(-1)?.key : lastTaken(wanted, taken);
  return {
    records: shown.map(({ record }) => record),
    unreachable: [...unreachable],
    next: last === undefined ? undefined : JSON.stringify(last),
  };
}

/** Where a page ends that opened as many records as it may; undefined when nothing is left. */
function lastTaken(wanted: readonly Candidate[], taken: number): Key | undefined {
  const last = wanted[taken - 1];
  return last === undefined || taken >= wanted.length ? undefined : keyOf(last.ledger);
}

function renderEverything(visit: Visit, { records, unreachable, next }: Page): RestAnswer {
  pass(visit, 'render');
  const links = [selfLink(visit), ...(next === undefined ? [] : [nextLink(visit, next)])];
  const entries = [
    ...records.map((record) => entryOf(visit, record, 'match')),
    ...directoryEntries(visit, records).map((record) => entryOf(visit, record, 'include')),
    ...coverage.entries(coverage.person(unreachable), []),
  ];
  return json(
    200,
    bundleText({ type: 'searchset', links, labels: records.flatMap(({ labels }) => labels ?? []) }, entries),
  );
}

/** The entries of the directory that these records refer to. */
function directoryEntries(visit: Visit, records: readonly StoredVersion[]): StoredVersion[] {
  const found = new Map<string, StoredVersion>();
  for (const { text } of records) {
    for (const reference of referencesIn(JSON.parse(text ?? 'null'))) {
      const local = localReference(reference, visit.server.memberBases);
      if (local === undefined || typeRow(local.type)?.kind !== 'directory') continue;
      const entry = visit.server.store.get(local.type, local.id);
      if (entry !== undefined && entry.text !== null) found.set(entry.id, entry);
    }
  }
  return [...found.values()];
}

function entryOf(visit: Visit, { type, id, text }: StoredVersion, mode: 'match' | 'include'): BundleEntry {
  return {
    fullUrl: `${visit.server.baseUrl}/${type}/${id}`,
    ...(text === null ? {} : { resource: text }),
    search: { mode },
  };
}

type Key = readonly [channel: string, block: number, id: string];

function keyOf({ channel, blockNumber, recordId }: LedgerVersion): Key {
  return [channel, blockNumber, recordId];
}

function compare(left: Key, right: Key): number {
  if (left[0] !== right[0]) return left[0] < right[0] ? -1 : 1;
  if (left[1] !== right[1]) return left[1] - right[1];
  return left[2] === right[2] ? 0 : left[2] < right[2] ? -1 : 1;
}
