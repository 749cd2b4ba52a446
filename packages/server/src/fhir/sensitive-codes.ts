import type { Sensitivity } from '@healthchain/core';
import { AIDS, type CodeFamily, FAMILIES, LABEL_RULES } from './label-rules.ts';
import { isObject, type PlainObject, textAt } from './resource.ts';

const RULES = Object.entries(LABEL_RULES) as [Sensitivity, (typeof LABEL_RULES)[Sensitivity]][];
const EVERY_FAMILY: readonly CodeFamily[] = ['icd10', 'snomed', 'loinc', 'rxnorm', 'cpt'];
/** Without a code system: RxNorm's short numbers would meet too many other numbers. */
const IN_TEXT: readonly CodeFamily[] = ['icd10', 'snomed', 'loinc', 'cpt'];
const CPT_MODIFIER = /^([0-9A-Z]\d{3}[0-9A-Z])-[0-9A-Z]{2}$/;
const ICD10 = /^[A-Z]\d[0-9AB](?:\.?[0-9A-Z]{1,4})?$/;

/** Codes that look like codes wherever they stand: with a point, a check digit, or many digits. */
const CODE_IN_TEXT = /\b[A-Z]\d[0-9AB]\.[0-9A-Z]{1,4}\b|\b\d{1,5}-\d\b|\b\d{6,18}\b/g;
/** A list of codes in one string; white space alone does not make one, or bed B22 would. */
const SEPARATORS = /[;,|]/;
const MAX_CODE_LENGTH = 64;

/** Never clinical content: identity, links, keys. */
const SKIPPED: ReadonlySet<string> = new Set([
  'id',
  'reference',
  'resourceType',
  'system',
  'url',
  'versionId',
  'fullUrl',
]);
const POSTAL = 'postalCode';

/** ICD: an entry covers the codes below it. */
const COVERING: ReadonlySet<CodeFamily> = new Set<CodeFamily>(['icd10', 'icd9']);

/** family → code without points → sensitivities. */
const CODES: ReadonlyMap<CodeFamily, ReadonlyMap<string, readonly Sensitivity[]>> = index();
const ANY_TERM = new RegExp(RULES.map(([, { terms }]) => terms.source).join('|'), 'i');

/**
 * The sensitivities that codes and terms anywhere in a value stand for: in codings of any element, contained resources, billing
 * lines and extensions, in plain strings, displays and narratives, and in text attachments. Encoded attachments of other kinds
 * (PDF, images) are not read: their author labels them.
 */
export function sensitivitiesIn(value: unknown): ReadonlySet<Sensitivity> {
  const found = new Set<Sensitivity>();
  walk(value, '', found);
  return found;
}

function walk(value: unknown, name: string, found: Set<Sensitivity>): void {
  if (typeof value === 'string') inText(value, name, found);
  else if (Array.isArray(value)) for (const member of value) walk(member, name, found);
  else if (isObject(value)) inObject(value, found);
}

function inObject(value: PlainObject, found: Set<Sensitivity>): void {
  const code =
    textAt(value, 'code') ?? (typeof value['system'] === 'string' ? textAt(value, 'value') : undefined);
  if (code !== undefined) inCode(code, familiesOf(textAt(value, 'system')), found);
  for (const [name, member] of Object.entries(value)) {
    if (name === 'data' && typeof member === 'string')
      inAttachment(member, textAt(value, 'contentType'), found);
    else if (!SKIPPED.has(name) || typeof member === 'object') walk(member, name, found);
  }
}

function familiesOf(system: string | undefined): readonly CodeFamily[] {
  const family = system !== undefined && Object.hasOwn(FAMILIES, system) ? FAMILIES[system] : undefined;
  return family === undefined ? EVERY_FAMILY : [family, ...DISTINCT.filter((each) => each !== family)];
}

/** Forms that no other system has: looked up under any system, so that a wrong system hides nothing. */
const DISTINCT: readonly CodeFamily[] = ['snomed', 'loinc'];

function inCode(code: string, families: readonly CodeFamily[], found: Set<Sensitivity>): void {
  if (code.length > MAX_CODE_LENGTH) return;
  for (const family of families) for (const sensitivity of lookUp(family, code)) found.add(sensitivity);
}

function lookUp(family: CodeFamily, code: string): readonly Sensitivity[] {
  const codes = CODES.get(family);
  const written = code.trim().toUpperCase();
  if (codes === undefined || (family === 'icd10' && !ICD10.test(written))) return [];
  const plain = written.replaceAll('.', '');
  if (family === 'cpt') return codes.get(plain.replace(CPT_MODIFIER, '$1')) ?? [];
  if (!COVERING.has(family)) return codes.get(plain) ?? [];
  const hits: Sensitivity[] = [];
  for (let length = 3; length <= plain.length; length++)
    hits.push(...(codes.get(plain.slice(0, length)) ?? []));
  return hits;
}

function inText(text: string, name: string, found: Set<Sensitivity>): void {
  const families = name === POSTAL ? [] : IN_TEXT;
  if (text.length <= 4 * MAX_CODE_LENGTH)
    for (const part of text.split(SEPARATORS)) inCode(part, families, found);
  for (const [code] of text.matchAll(CODE_IN_TEXT)) inCode(code, families, found);
  if (AIDS.test(text)) found.add('HIV');
  if (!ANY_TERM.test(text)) return;
  for (const [sensitivity, { terms }] of RULES) if (terms.test(text)) found.add(sensitivity);
}

function inAttachment(data: string, contentType: string | undefined, found: Set<Sensitivity>): void {
  if (contentType === undefined || !/^(?:text\/|application\/(?:[\w.+-]*\+)?(?:json|xml))/i.test(contentType))
    return;
  inText(Buffer.from(data, 'base64').toString('utf8'), 'data', found);
}

function index(): ReadonlyMap<CodeFamily, ReadonlyMap<string, readonly Sensitivity[]>> {
  const families = new Map<CodeFamily, Map<string, Sensitivity[]>>();
  for (const [sensitivity, rule] of RULES) {
    for (const family of [...EVERY_FAMILY, 'icd9'] as const) {
      const codes = families.get(family) ?? new Map<string, Sensitivity[]>();
      families.set(family, codes);
      for (const code of expand(rule[family] ?? ''))
        codes.set(code, [...(codes.get(code) ?? []), sensitivity]);
    }
  }
  return families;
}

/** `A50-A64` and `81400-81479` become their members; a LOINC code's own hyphen is none of these. */
function expand(list: string): readonly string[] {
  return list
    .split(/\s+/)
    .filter((entry) => entry !== '')
    .flatMap((entry) => {
      const [, letter, from = '', to] =
        /^([A-Z])(\d\d)-[A-Z](\d\d)$/.exec(entry) ?? /^()(\d{5})-(\d{5})$/.exec(entry) ?? [];
      if (letter === undefined) return [entry.replaceAll('.', '')];
      const numbers = Array.from({ length: Number(to) - Number(from) + 1 }, (_, at) => Number(from) + at);
      return numbers.map((number) => letter + String(number).padStart(from.length, '0'));
    });
}
