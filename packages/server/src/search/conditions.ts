import { typeRow } from '../fhir/type-table.ts';
import { type ParameterDefinition, type ParameterKind, searchParameters } from './definitions.ts';
import { SearchError } from './errors.ts';
import { identifierCode } from './extract.ts';
import { parseValues, type Value } from './values.ts';

/** What one parameter asks of a resource of one type. */
export type Condition =
  | {
      readonly kind: 'match';
      readonly parameter: ParameterDefinition;
      readonly how: How;
      readonly values: readonly Value[];
    }
  | { readonly kind: 'missing'; readonly parameter: ParameterDefinition; readonly missing: boolean }
  /** The reference points at a resource of one of these types that meets the condition. */
  | { readonly kind: 'chain'; readonly parameter: ParameterDefinition; readonly branches: readonly Branch[] }
  /** A resource of `branch.type` that meets the condition points at this one, of type `type`, through `parameter`. */
  | {
      readonly kind: 'has';
      readonly type: string;
      readonly parameter: ParameterDefinition;
      readonly branch: Branch;
    };

export type How = 'plain' | 'exact' | 'contains' | 'not' | 'identifier';

interface Branch {
  readonly type: string;
  readonly condition: Condition;
}

/** Links of one chain, `_has` included. */
const MAX_CHAIN_LENGTH = 4;

const MODIFIERS: Readonly<Record<ParameterKind, readonly How[]>> = {
  token: ['not'],
  string: ['exact', 'contains'],
  reference: ['identifier'],
  date: [],
  number: [],
  quantity: [],
  uri: [],
  composite: [],
};

export interface ConditionContext {
  readonly bases: readonly string[];
}

/** @throws SearchError UNKNOWN_PARAMETER, UNSUPPORTED_MODIFIER, BAD_VALUE, TOO_COSTLY */
export function parseCondition(
  type: string,
  name: string,
  value: string,
  context: ConditionContext,
  depth = 0,
): Condition {
  if (depth >= MAX_CHAIN_LENGTH) throw fail('TOO_COSTLY', name, `chains more than ${MAX_CHAIN_LENGTH} links`);
  if (name.startsWith('_has:')) return parseHas(type, name, value, context, depth);
  const dot = name.indexOf('.');
  const [code = '', modifier, more] = (dot === -1 ? name : name.slice(0, dot)).split(':');
  const parameter = searchParameters(type).get(code);
  if (parameter === undefined || more !== undefined)
    throw fail('UNKNOWN_PARAMETER', name, 'is no search parameter here');
  if (dot !== -1)
    return parseChain(parameter, modifier, { name: name.slice(dot + 1), value }, context, depth);
  if (modifier === 'missing') return { kind: 'missing', parameter, missing: flag(name, value) };
  return parseMatch(parameter, modifier, value, context);
}

function parseMatch(
  parameter: ParameterDefinition,
  modifier: string | undefined,
  value: string,
  context: ConditionContext,
): Condition {
  const targetType = modifier !== undefined && typeRow(modifier) !== undefined ? modifier : undefined;
  if (targetType !== undefined && parameter.targets.includes(targetType)) {
    const values = parseValues('reference', value, { definition: parameter, targetType, ...context });
    return { kind: 'match', parameter, how: 'plain', values: ofType(values, targetType) };
  }
  const how = (modifier ?? 'plain') as How;
  if (modifier !== undefined && !MODIFIERS[parameter.kind].includes(how)) {
    throw fail('UNSUPPORTED_MODIFIER', parameter.code, `does not take the modifier :${modifier}`);
  }
  const kind = how === 'identifier' ? 'token' : parameter.kind;
  const definition =
    how === 'identifier' ? { ...parameter, code: identifierCode(parameter.code) } : parameter;
  return {
    kind: 'match',
    parameter: definition,
    how,
    values: parseValues(kind, value, { definition: parameter, ...context }),
  };
}

/** A typed modifier and a value of another type can never both hold. */
function ofType(values: readonly Value[], type: string): readonly Value[] {
  return values.map((value) =>
    value.kind === 'reference'
      ? { ...value, targets: value.targets.filter((target) => target.startsWith(`${type}/`)) }
      : value,
  );
}

interface Rest {
  readonly name: string;
  readonly value: string;
}

/** Every type that the reference may point at and that knows the rest of the chain is a branch. */
function parseChain(
  parameter: ParameterDefinition,
  modifier: string | undefined,
  rest: Rest,
  context: ConditionContext,
  depth: number,
): Condition {
  if (parameter.kind !== 'reference')
    throw fail('UNKNOWN_PARAMETER', parameter.code, 'is no reference and cannot be chained');
  if (modifier !== undefined && !parameter.targets.includes(modifier)) {
    throw fail('UNSUPPORTED_MODIFIER', parameter.code, `never points at ${modifier}`);
  }
  const types = modifier === undefined ? parameter.targets : [modifier];
  const branches: Branch[] = [];
  for (const type of types) {
    const condition = tryCondition(type, rest, context, depth + 1, types.length > 1);
    if (condition !== undefined) branches.push({ type, condition });
  }
  if (branches.length === 0)
    throw fail('UNKNOWN_PARAMETER', `${parameter.code}.${rest.name}`, 'is no search parameter here');
  return { kind: 'chain', parameter, branches };
}

function tryCondition(
  type: string,
  rest: Rest,
  context: ConditionContext,
  depth: number,
  others: boolean,
): Condition | undefined {
  try {
    return parseCondition(type, rest.name, rest.value, context, depth);
  } catch (error) {
    if (others && error instanceof SearchError && error.code === 'UNKNOWN_PARAMETER') return undefined;
    throw error;
  }
}

/** `_has:Observation:patient:code` and, nested, `_has:Observation:patient:_has:Provenance:target:agent`. */
function parseHas(
  type: string,
  name: string,
  value: string,
  context: ConditionContext,
  depth: number,
): Condition {
  const [, other = '', code = '', ...rest] = name.split(':');
  const parameter = searchParameters(other).get(code);
  if (
    parameter === undefined ||
    parameter.kind !== 'reference' ||
    !parameter.targets.includes(type) ||
    rest.length === 0
  ) {
    throw fail('UNKNOWN_PARAMETER', name, 'names no reference to this type');
  }
  const condition = parseCondition(other, rest.join(':'), value, context, depth + 1);
  return { kind: 'has', type, parameter, branch: { type: other, condition } };
}

function flag(name: string, value: string): boolean {
  if (value !== 'true' && value !== 'false') throw fail('BAD_VALUE', name, 'is neither true nor false');
  return value === 'true';
}

function fail(code: SearchError['code'], parameter: string, problem: string): SearchError {
  return new SearchError(code, `${parameter} ${problem}`, { details: { parameter } });
}
