import type { Condition } from './conditions.ts';
import type { ParameterDefinition } from './definitions.ts';
import type { SearchQuery } from './parse.ts';

/** Names a search parameter of a type. */
export const parameterName = ({ type, code }: Pick<ParameterDefinition, 'type' | 'code'>): string =>
  `${type}.${code}`;

/** Every search parameter whose index rows a query may look at; a store made for the query needs no others. */
export function parametersOf({ conditions, sort, includes }: SearchQuery): ReadonlySet<string> {
  const used = [
    ...conditions.flatMap(parametersIn),
    ...sort.flatMap((key) => (key.kind === 'parameter' ? key.parameter : [])),
    ...includes.flatMap(({ parameters }) => parameters),
  ];
  return new Set(used.map(parameterName));
}

function parametersIn(condition: Condition): readonly ParameterDefinition[] {
  const branches = condition.kind === 'chain' ? condition.branches : [];
  const pointing = condition.kind === 'has' ? [condition.branch] : branches;
  return [condition.parameter, ...pointing.flatMap((branch) => parametersIn(branch.condition))];
}
