import { typeRow } from '../fhir/index.ts';
import {
  parametersOf,
  parseSearch,
  patientCompartment,
  search,
  searchParameters,
  type SearchHit,
  type SearchQuery,
} from '../search/index.ts';
import { type AccessFacts, openStore, type StoredVersion } from '../store/index.ts';
import { stateRefused, stateReleased } from './access.ts';
import { json } from './answers.ts';
import { type BundleEntry, bundleText } from './bundle-text.ts';
import { RestError } from './error.ts';
import type { Face, FaceResource } from '../ports.ts';
import { faceEntry, searchFace } from './face-search.ts';
import { createGate, factsOf, type Gate } from './gate.ts';
import { faceOf, isFaceKind } from './located.ts';
import { foreignOf, linkedPatients, type NamedPerson, personNamed } from './persons.ts';
import { cursorOf, nextLink, selfLink } from './paging.ts';
import { part, pass, type RestAnswer, type Visit } from './visit.ts';
import { coverage, type Covered } from './coverage.ts';

/** What a search found, after everything that the caller may not read was taken out. */
interface Found {
  readonly query: SearchQuery;
  readonly matches: readonly SearchHit[];
  readonly included: readonly SearchHit[];
  readonly total?: number;
  readonly next?: string;
  readonly covered: Covered;
}

export async function searchType(visit: Visit): Promise<RestAnswer> {
  return searchFor(visit, part(visit, 'type'), [...visit.request.parameters]);
}

/** `Patient/{id}/{type}`: the type's records about that person. */
export async function searchCompartment(visit: Visit): Promise<RestAnswer> {
  const [type, id] = [part(visit, 'type'), part(visit, 'id')];
  return searchFor(visit, type, [...visit.request.parameters, compartmentParameter(type, id)]);
}

async function searchFor(
  visit: Visit,
  type: string,
  parameters: readonly (readonly [string, string])[],
): Promise<RestAnswer> {
  const face = faceOf(visit, type);
  if (face !== undefined && isFaceKind(typeRow(type)?.kind)) return searchFace(visit, type, face, parameters);
  const query = queryOf(visit, type, parameters);
  const person = await personNamed(visit, query);
  const found =
    person === undefined ? await searchOwn(visit, query) : await searchPerson(visit, query, person);
  return renderSearch(visit, found, await shownBeside(visit, face, parameters));
}

/** What the ledger says of a target, beside the Provenance that somebody stored; on the first page. */
async function shownBeside(
  visit: Visit,
  face: Face | undefined,
  parameters: readonly (readonly [string, string])[],
): Promise<readonly FaceResource[]> {
  const target = parameters.find(([name]) => name === 'target')?.[1];
  if (face === undefined || target === undefined || cursorOf(visit) !== undefined) return [];
  return face.search(visit.context, new URLSearchParams({ target }));
}

function queryOf(
  visit: Visit,
  type: string,
  parameters: readonly (readonly [string, string])[],
): SearchQuery {
  const cursor = cursorOf(visit);
  const plain = parameters.filter(([name]) => name !== '_cursor');
  return parseSearch(type, cursor === undefined ? plain : [...plain, ['_cursor', cursor]], {
    handling: visit.prefer.lenient ? 'lenient' : 'strict',
    bases: visit.server.memberBases,
  });
}

/** Own records and the directory. An emergency opens one person's records and no search across persons (custody.md section 4). */
async function searchOwn(visit: Visit, query: SearchQuery): Promise<Found> {
  if (visit.context.caller.purpose === 'ETREAT' && typeRow(query.type)?.kind !== 'directory') {
    throw new RestError('FORBIDDEN', 'In an emergency a search has to name one person');
  }
  pass(visit, 'locate');
  pass(visit, 'open');
  const gate = createGate(visit, 'anyone');
  const found = await searchIn(visit, query, gate, []);
  await stateReleased(visit, gate, releasedFacts(found.matches, found.included));
  return { query, ...found, covered: coverage.own(visit, query.type) };
}

/** A person's records at all organisations; what is opened for it lives in memory until the answer is sent. */
async function searchPerson(visit: Visit, query: SearchQuery, person: NamedPerson): Promise<Found> {
  pass(visit, 'locate');
  const { records, unreachable } = await foreignOf(visit, person, query);
  const gate = createGate(visit, 'person');
  gate.admit(records.flatMap((record) => factsOf(record) ?? []));
  const found = await searchIn(visit, query, gate, records);
  await stateReleased(visit, gate, releasedFacts(found.matches, found.included));
  const refused = gate.refused().filter(([item]) => person !== null && item.persons.includes(person));
  if (query.cursor === undefined) await stateRefused(visit, refused);
  return { query, ...found, covered: coverage.person(unreachable) };
}

async function searchIn(
  visit: Visit,
  query: SearchQuery,
  gate: Gate,
  opened: readonly StoredVersion[],
): Promise<Pick<Found, 'matches' | 'included' | 'total' | 'next'>> {
  const { store, memberBases } = visit.server;
  const memory =
    opened.length === 0
      ? undefined
      : openStore(':memory:', { bases: memberBases, parameters: parametersOf(query) });
  try {
    memory?.applyCommitted(opened);
    const sources = memory === undefined ? [store] : [store, memory];
    pass(visit, 'decide');
    const page = await search(sources, query, {
      permitted: gate.permitted,
      linkedPatients: linkedPatients(visit),
    });
    pass(visit, 'filter');
    return page;
  } finally {
    memory?.close();
  }
}

function releasedFacts(...lists: readonly (readonly SearchHit[])[]): AccessFacts[] {
  return lists.flat().flatMap(({ record }) => factsOf(record) ?? []);
}

function renderSearch(visit: Visit, found: Found, shown: readonly FaceResource[]): RestAnswer {
  pass(visit, 'render');
  const { query, matches, included, total, next, covered } = found;
  const links = [
    selfLink(visit, counted(visit, query)),
    ...(next === undefined ? [] : [nextLink(visit, next, counted(visit, query))]),
  ];
  const labels = [...matches, ...included].flatMap(({ record }) => record.labels ?? []);
  const entries = [
    ...matches.map((hit) => hitEntry(visit, hit, 'match')),
    ...shown.map((resource) => faceEntry(visit, query.type, resource)),
    ...included.map((hit) => hitEntry(visit, hit, 'include')),
    ...coverage.entries(covered, query.ignored),
  ];
  const text = bundleText(
    { type: 'searchset', ...(total === undefined ? {} : { total: total + shown.length }), links, labels },
    entries,
  );
  return { ...json(200, text), slotted: covered.kind === 'person' && matches.length === 0 };
}

/** The parameters that counted, as the client sent them. */
function counted(visit: Visit, { ignored }: SearchQuery): [string, string][] {
  return [...visit.request.parameters].filter(([name]) => !ignored.includes(name));
}

function hitEntry(visit: Visit, { record }: SearchHit, mode: 'match' | 'include'): BundleEntry {
  const fullUrl = `${visit.server.baseUrl}/${record.type}/${record.id}`;
  return record.text === null
    ? { fullUrl, search: { mode } }
    : { fullUrl, resource: record.text, search: { mode } };
}

/** The search parameter by which a type is the patient's own (Coverage: who benefits, not who pays). @throws RestError UNKNOWN_PATH */
function compartmentParameter(type: string, id: string): readonly [string, string] {
  if (type === 'Patient') return ['_id', id];
  const names = patientCompartment().get(type);
  if (names === undefined)
    throw new RestError('UNKNOWN_PATH', `${type} is not in the compartment of a Patient`);
  const name = searchParameters(type).has('patient') ? 'patient' : (names[0] as string);
  return [name, `Patient/${id}`];
}
