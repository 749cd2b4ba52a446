import { typeRow } from '../fhir/type-table.ts';
import { type ParameterDefinition, searchParameters } from './definitions.ts';
import { SearchError } from './errors.ts';

export interface Include {
  readonly direction: 'include' | 'revinclude';
  /** The type that holds the reference, and its reference parameters; several for `Type:*`. */
  readonly source: string;
  readonly parameters: readonly ParameterDefinition[];
  /** Only targets of this type. */
  readonly targetType?: string;
  /** Applies to what other includes brought as well. */
  readonly iterate: boolean;
}

/** `Observation:subject`, `Observation:subject:Patient`, `Observation:*`. @throws SearchError BAD_VALUE, UNSUPPORTED_MODIFIER */
export function parseInclude(
  direction: Include['direction'],
  type: string,
  value: string,
  modifier: string | undefined,
): Include {
  if (modifier !== undefined && modifier !== 'iterate' && modifier !== 'recurse') {
    throw new SearchError('UNSUPPORTED_MODIFIER', `_${direction} does not take :${modifier}`, {
      details: { parameter: `_${direction}` },
    });
  }
  const [source = '', code = '', targetType, more] =
    value === '*' && direction === 'include' ? [type, '*'] : value.split(':');
  const known = searchParameters(source);
  const parameters =
    code === '*' ? [...known.values()] : [known.get(code)].filter((each) => each !== undefined);
  const references = parameters.filter((each) => each.kind === 'reference');
  const typeKnown = targetType === undefined || typeRow(targetType) !== undefined;
  if (references.length === 0 || !typeKnown || more !== undefined) {
    throw new SearchError('BAD_VALUE', `_${direction} names no reference parameter`, {
      details: { parameter: `_${direction}` },
    });
  }
  return {
    direction,
    source,
    parameters: references,
    iterate: modifier !== undefined,
    ...(targetType === undefined ? {} : { targetType }),
  };
}
