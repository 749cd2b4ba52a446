import { containedIssues } from './contained.ts';
import { DATATYPE_RULES, PRIMITIVE_RULES } from './datatype-rules.ts';
import { type Issue, problem } from './issues.ts';
import { localReference } from './references.ts';
import { codingsOf, isObject, listOf, type PlainObject, textAt } from './resource.ts';
import type { Member, Schema } from './schema.ts';
import { typeRow } from './type-table.ts';

/** Issues that one body may collect; the rest goes unsaid. */
const MAX_ISSUES = 100;

const RESOURCE_TYPES: ReadonlySet<string> = new Set(['Resource', 'DomainResource']);
/** Names that JavaScript treats in its own way and FHIR does not know. */
const RESERVED: ReadonlySet<string> = new Set(['__proto__', 'constructor', 'prototype']);

/**
 * What @medplum/core's validation lets pass: required bindings, empty and null values, two values of one choice, types of
 * reference targets, ids, rules of data types, contained resources, comment-like members.
 */
export function structureIssues(resource: PlainObject, schema: Schema): readonly Issue[] {
  const issues: Issue[] = [];
  visitResource(resource, textAt(resource, 'resourceType') ?? '', { schema, issues, contained: false });
  issues.push(...containedIssues(resource));
  return issues.slice(0, MAX_ISSUES);
}

interface Visit {
  readonly schema: Schema;
  readonly issues: Issue[];
  readonly contained: boolean;
}

function visitResource(resource: PlainObject, path: string, visit: Visit): void {
  const type = textAt(resource, 'resourceType');
  if (type === undefined || typeRow(type) === undefined) {
    visit.issues.push(problem('structure', 'Not a resource type of FHIR R4', path));
    return;
  }
  const id = resource['id'];
  if (id !== undefined && (typeof id !== 'string' || !/^[A-Za-z0-9\-.]{1,64}$/.test(id))) {
    visit.issues.push(problem('value', 'A logical id is 1 to 64 of A-Z a-z 0-9 - .', `${path}.id`));
  }
  visitObject(resource, type, path, visit);
}

function visitObject(value: PlainObject, type: string, path: string, visit: Visit): void {
  const members = visit.schema.members(type);
  const choices = new Map<string, string>();
  for (const [name, member] of Object.entries(value)) {
    if (RESERVED.has(name)) visit.issues.push(problem('structure', 'Not an element of FHIR', path));
    const expected = members.get(name);
    const at = `${path}.${expected?.element ?? name}`;
    emptiness(member, at, name.startsWith('_') || `_${name}` in value, visit);
    if (expected === undefined) continue;
    const other = choices.get(expected.element);
    if (other !== undefined && other !== name)
      visit.issues.push(problem('structure', `Both ${other} and ${name} are given`, at));
    choices.set(expected.element, name);
    visitMember(member, expected, at, visit);
  }
  visit.issues.push(...(DATATYPE_RULES[type]?.(value, path) ?? []));
}

/** `null` holds the place of a primitive in an array whose `_` twin says more. */
function emptiness(value: unknown, path: string, twin: boolean, visit: Visit): void {
  if (value === '') visit.issues.push(problem('value', 'An element is never empty', path));
  if (Array.isArray(value) && value.length === 0)
    visit.issues.push(problem('structure', 'An array is never empty', path));
  if (isObject(value) && Object.keys(value).length === 0)
    visit.issues.push(problem('structure', 'An object is never empty', path));
  if (value === null) visit.issues.push(problem('structure', 'An element is never null', path));
  if (!Array.isArray(value)) return;
  for (const [at, member] of value.entries()) {
    if (Array.isArray(member)) visit.issues.push(problem('structure', 'An array holds no arrays', path));
    if (member !== null || !twin) emptiness(member, `${path}[${at}]`, twin, visit);
  }
}

function visitMember(value: unknown, expected: Member, path: string, visit: Visit): void {
  for (const [at, member] of listOf(value as unknown[]).entries()) {
    const here = expected.isArray ? `${path}[${at}]` : path;
    bindingIssue(member, expected, here, visit);
    if (!isObject(member)) {
      visit.issues.push(...(PRIMITIVE_RULES[expected.typeCode]?.(member, here) ?? []));
      continue;
    }
    if (RESOURCE_TYPES.has(expected.typeCode)) visitResource(member, here, visit);
    else visitObject(member, expected.typeCode, here, visit);
    if (expected.typeCode === 'Reference') referenceIssue(member, expected, here, visit);
  }
}

function bindingIssue(value: unknown, { bound, typeCode }: Member, path: string, visit: Visit): void {
  if (bound === undefined) return;
  if (typeCode === 'code' && typeof value === 'string' && !bound.codes.has(value)) {
    visit.issues.push(problem('code-invalid', 'Not a code of the required value set', path));
  }
  if ((typeCode !== 'CodeableConcept' && typeCode !== 'Coding') || !isObject(value)) return;
  const codings = codingsOf(value as never).filter(({ code }) => code !== undefined);
  if (codings.length === 0 && 'text' in value) return;
  if (codings.some(({ system = '', code = '' }) => bound.codings.has(`${system}|${code}`))) return;
  visit.issues.push(problem('code-invalid', 'No coding of the required value set', path));
}

/** The type of a target is checked, its existence is not (health.md section 5). */
function referenceIssue(value: PlainObject, { targets }: Member, path: string, visit: Visit): void {
  const stated = textAt(value, 'type');
  const reference = textAt(value, 'reference');
  const literal = reference === undefined ? undefined : targetType(reference);
  const allowed = targets.length === 0 || targets.includes('Resource');
  for (const type of [stated, literal]) {
    if (type !== undefined && !allowed && !targets.includes(type)) {
      visit.issues.push(problem('value', `References ${targets.join(', ')}, not ${knownName(type)}`, path));
      return;
    }
  }
  if (stated !== undefined && literal !== undefined && stated !== literal) {
    visit.issues.push(problem('value', 'The type differs from that of the reference', path));
  }
}

function targetType(reference: string): string | undefined {
  return (
    localReference(reference)?.type ??
    /^https?:\/\/.*\/([A-Z][A-Za-z]+)\/[A-Za-z0-9\-.]{1,64}(?:\/_history\/.*)?$/.exec(reference)?.[1]
  );
}

function knownName(type: string): string {
  return typeRow(type) === undefined ? 'an unknown type' : type;
}
