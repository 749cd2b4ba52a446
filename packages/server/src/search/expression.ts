import { localReference } from '../fhir/references.ts';
import { isObject, listOf } from '../fhir/resource.ts';

/**
 * The part of FHIRPath that R4's search parameters use: member access, ofType(T), where(resolve() is T), where(a='b'), [n],
 * exists() and comparison only in one place (Patient.deceased), unions, parentheses. Anything else is refused at load.
 */
type Step =
  | { readonly kind: 'member'; readonly name: string }
  | { readonly kind: 'choice'; readonly name: string; readonly type: string }
  | { readonly kind: 'resolves'; readonly type: string }
  | { readonly kind: 'where'; readonly member: string; readonly value: string }
  | { readonly kind: 'index'; readonly index: number }
  | { readonly kind: 'present' };

export interface Path {
  readonly steps: readonly Step[];
  /** The members walked, dotted: `participant.actor`. */
  readonly elements: string;
}

/** Suffixes of choice elements: `value[x]` is `valueQuantity`, `valueString` and so on. */
// prettier-ignore
const CHOICE_TYPES: readonly string[] = [
  'Address', 'Age', 'Annotation', 'Attachment', 'Base64Binary', 'Boolean', 'Canonical', 'Code', 'CodeableConcept', 'Coding', 'ContactPoint',
  'Count', 'Date', 'DateTime', 'Decimal', 'Distance', 'Duration', 'HumanName', 'Id', 'Identifier', 'Instant', 'Integer', 'Markdown', 'Money',
  'Oid', 'Period', 'PositiveInt', 'Quantity', 'Range', 'Ratio', 'Reference', 'SampledData', 'String', 'Time', 'Timing', 'UnsignedInt', 'Uri',
  'Url', 'Uuid',
];

const ABSTRACT = ['Resource', 'DomainResource'];
const DECEASED = 'Patient.deceased.exists() and Patient.deceased != false';

/** The alternatives of a parameter's expression that apply to a resource type. @throws Error for an expression beyond the grammar */
export function compileExpression(expression: string, type: string): readonly Path[] {
  if (expression === DECEASED) return [path([{ kind: 'member', name: 'deceased' }, { kind: 'present' }])];
  return alternatives(expression).flatMap((alternative) => {
    const steps = relativeTo(tokens(alternative), type);
    return steps === undefined ? [] : [path(stepsOf(steps, alternative))];
  });
}

/** The values at a path, arrays flattened. */
export function evaluate(from: unknown, { steps }: Path): readonly unknown[] {
  let values: readonly unknown[] = [from];
  for (const step of steps) values = values.flatMap((value) => take(value, step)).slice(...window(step));
  return values;
}

function window(step: Step): [number, number?] {
  return step.kind === 'index' ? [step.index, step.index + 1] : [0];
}

function take(value: unknown, step: Step): readonly unknown[] {
  switch (step.kind) {
    case 'member':
      return isObject(value) ? member(value, step.name) : [];
    case 'choice':
      return isObject(value) ? listOf(value[step.name]) : [];
    case 'resolves':
      return isObject(value) && referencesType(value, step.type) ? [value] : [];
    case 'where':
      return isObject(value) && value[step.member] === step.value ? [value] : [];
    case 'index':
      return [value];
    case 'present':
      break;
  }
  return [value !== false];
}

function member(value: { readonly [name: string]: unknown }, name: string): readonly unknown[] {
  if (Object.hasOwn(value, name)) return listOf(value[name]);
  for (const key of Object.keys(value)) {
    if (key.startsWith(name) && CHOICE_TYPES.includes(key.slice(name.length))) return listOf(value[key]);
  }
  return [];
}

function referencesType(value: { readonly [name: string]: unknown }, type: string): boolean {
  if (value['type'] === type) return true;
  if (typeof value['reference'] !== 'string') return false;
  const reference = value['reference'];
  return localReference(reference)?.type === type || reference.includes(`/${type}/`);
}

function alternatives(expression: string): readonly string[] {
  let depth = 0;
  const parts = [''];
  for (const character of expression) {
    if (character === '(') depth++;
    if (character === ')') depth--;
    if (character === '|' && depth === 0) parts.push('');
    else parts[parts.length - 1] += character;
  }
  return parts.map((part) => part.trim());
}

/** Members and calls in order; parentheses that only group are dropped. */
function tokens(alternative: string): readonly string[] {
  return alternative.match(/[A-Za-z]+\((?:[^()]|\(\))*\)|[A-Za-z%]+|\[\d+\]/g) ?? [];
}

/** Without the leading type; undefined when the alternative is about another type. */
function relativeTo(all: readonly string[], type: string): readonly string[] | undefined {
  const [first = '', ...rest] = all;
  if (first === type || ABSTRACT.includes(first)) return rest;
  return /^[a-z]/.test(first) ? all : undefined;
}

function stepsOf(parts: readonly string[], source: string): readonly Step[] {
  const steps: Step[] = [];
  for (const part of parts) {
    const ofType = /^ofType\((\w+)\)$/.exec(part)?.[1];
    const last = steps.at(-1);
    if (ofType !== undefined && last?.kind === 'member') steps[steps.length - 1] = choice(last.name, ofType);
    else steps.push(stepOf(part, source));
  }
  return steps;
}

function choice(name: string, type: string): Step {
  return { kind: 'choice', name: name + type.charAt(0).toUpperCase() + type.slice(1), type };
}

function stepOf(part: string, source: string): Step {
  if (/^[a-z]\w*$/i.test(part)) return { kind: 'member', name: part };
  const index = /^\[(\d+)\]$/.exec(part)?.[1];
  if (index !== undefined) return { kind: 'index', index: Number(index) };
  const resolves = /^where\(resolve\(\) is (\w+)\)$/.exec(part)?.[1];
  if (resolves !== undefined) return { kind: 'resolves', type: resolves };
  const [, name, value] = /^where\((\w+)='([^']*)'\)$/.exec(part) ?? [];
  if (name !== undefined && value !== undefined) return { kind: 'where', member: name, value };
  throw new Error(`Search parameter expression beyond the grammar: ${source}`);
}

function path(steps: readonly Step[]): Path {
  const names = steps.flatMap((step) => (step.kind === 'member' ? [step.name] : []));
  return { steps, elements: names.join('.') };
}
