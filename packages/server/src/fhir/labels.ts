import {
  type Confidentiality,
  CONFIDENTIALITIES,
  type ExactJson,
  type PlainJson,
  type RecordLabels,
  type Sensitivity,
  SENSITIVITIES,
} from '@healthchain/core';
import { categorise, categoryReferences } from './categories.ts';
import { FhirError } from './errors.ts';
import { metaOf, ordered } from './exact.ts';
import { LABEL_RULES_VERSION } from './label-rules.ts';
import { localReference } from './references.ts';
import {
  type Coding,
  codingsOf,
  type ExactObject,
  type ExactResource,
  listOf,
  objectsIn,
  type PlainObject,
  type PlainResource,
  textAt,
} from './resource.ts';
import { sensitivitiesIn } from './sensitive-codes.ts';

/** The version of its codings is that of the rules by which the record was categorised and labelled. */
export const CATEGORY_SYSTEM = 'urn:healthchain:category';
export const RULES_VERSION = String(LABEL_RULES_VERSION);
export const CONFIDENTIALITY_SYSTEM = 'http://terminology.hl7.org/CodeSystem/v3-Confidentiality';
export const SENSITIVITY_SYSTEM = 'http://terminology.hl7.org/CodeSystem/v3-ActCode';

/** Labels of another record by literal reference: a sibling of the bundle, a stored record, or unknown. */
type LabelsOf = (reference: string) => RecordLabels | undefined;

export interface Labelling {
  readonly labelsOf: LabelsOf;
  /** The labels of the version before: an author's update never lowers them. */
  readonly previous?: RecordLabels;
}

/** HL7 v3 sensitivity codes below, or beside, one of ours. */
const SENSITIVITY_SYNONYMS: Readonly<Record<string, readonly Sensitivity[]>> = {
  ETHUD: ['ETH'],
  OPIOIDUD: ['ETH'],
  SUD: ['ETH'],
  ALC: ['ETH'],
  DRUGBUS: ['ETH'],
  BH: ['PSY', 'ETH'],
  MH: ['PSY'],
  PSYTHPN: ['PSY'],
  COGN: ['PSY'],
  DVD: ['SDV'],
  VIO: ['SDV'],
  SXAB: ['SDV'],
  SEXA: ['SEX'],
  REPRO: ['SEX'],
  PREGNANT: ['SEX'],
  SICKLE: ['GDIS'],
};

/**
 * Categories and labels of a record (health.md section 3): by any code anywhere in it, raised by its author through
 * `meta.security`, by the encounters and entries it points at, and by the version before; never lowered. Genetics records carry
 * GDIS. An R needs a sensitivity, or no grant could ever name it.
 *
 * @throws FhirError UNNAMED_RESTRICTION when the author asks for R and nothing says of which sensitivity
 */
export function labelRecord(resource: PlainResource, { labelsOf, previous }: Labelling): RecordLabels {
  const categories = categorise(resource, (reference) => labelsOf(reference)?.categories);
  const inherited = labelReferences(resource).flatMap((reference) => labelsOf(reference) ?? []);
  const sources = [...inherited, ...(previous === undefined ? [] : [previous])];
  const raised = raisedByAuthor(resource);
  const sensitivities = new Set<Sensitivity>([
    ...sensitivitiesIn(resource),
    ...raised.sensitivities,
    ...sources.flatMap((labels) => labels.sensitivities),
    ...(categories.includes('genetics') ? (['GDIS'] as const) : []),
  ]);
  const asked = highest([raised.confidentiality, ...sources.map((labels) => labels.confidentiality)]);
  return {
    categories: [...categories],
    confidentiality: confidentialityOf(asked, sensitivities.size),
    sensitivities: SENSITIVITIES.filter((sensitivity) => sensitivities.has(sensitivity)).sort(),
  };
}

/** Every reference about which `labelRecord` asks `labelsOf`; the caller may look them up beforehand. */
export function labelReferences(resource: PlainResource): readonly string[] {
  const found = new Set(categoryReferences(resource));
  collectInherited(resource, found);
  return [...found];
}

/** A copy whose `meta.tag` and `meta.security` state these labels; other tags stay, former statements of ours go. */
export function withLabels(resource: ExactResource, labels: RecordLabels): ExactResource {
  const meta = metaOf(resource);
  const tag = [
    ...without(meta['tag'], (system) => system === CATEGORY_SYSTEM),
    ...labels.categories.map((code) => ({ system: CATEGORY_SYSTEM, version: RULES_VERSION, code })),
  ];
  const security = [
    ...without(
      meta['security'],
      (system, code) => system === CONFIDENTIALITY_SYSTEM || isSensitivity(system, code),
    ),
    { system: CONFIDENTIALITY_SYSTEM, code: labels.confidentiality },
    ...labels.sensitivities.map((code) => ({ system: SENSITIVITY_SYSTEM, code })),
  ];
  return ordered({ ...resource, meta: { ...meta, security, tag } });
}

function isSensitivity(system: string | undefined, code: string | undefined): boolean {
  return system === SENSITIVITY_SYSTEM && (SENSITIVITIES as readonly (string | undefined)[]).includes(code);
}

function without(
  list: ExactJson | undefined,
  ours: (system: string | undefined, code: string | undefined) => boolean,
): ExactObject[] {
  const members = objectsIn(list) as ExactObject[];
  return members.filter(
    (member) => !ours(textAt(member as PlainObject, 'system'), textAt(member as PlainObject, 'code')),
  );
}

/** An encounter's labels pass to everything that points at it, a result's to its report. */
const INHERITED_MEMBERS: ReadonlySet<string> = new Set([
  'result',
  'diagnosisReference',
  'procedureReference',
  'reasonReference',
]);

function collectInherited(value: unknown, found: Set<string>, member = ''): void {
  for (const entry of objectsIn(value)) {
    const text = textAt(entry, 'reference');
    if (text !== undefined && (INHERITED_MEMBERS.has(member) || localReference(text)?.type === 'Encounter'))
      found.add(text);
    for (const [name, inner] of Object.entries(entry)) collectInherited(inner, found, name);
  }
}

function raisedByAuthor(resource: PlainResource): Pick<RecordLabels, 'confidentiality' | 'sensitivities'> {
  const codings = securityCodings(resource);
  const sensitivities = codings
    .filter(({ system }) => system === SENSITIVITY_SYSTEM)
    .flatMap(({ code }) => sensitivitiesFor(code));
  const asked = codings
    .filter(({ system }) => system === CONFIDENTIALITY_SYSTEM)
    .map(({ code }) => code as Confidentiality);
  return {
    confidentiality: highest(asked.filter((code) => CONFIDENTIALITIES.includes(code))),
    sensitivities,
  };
}

/** Of the resource itself, of what it contains, and of the entries of a document. */
function securityCodings(resource: PlainObject): readonly Coding[] {
  const own = objectsIn(resource['meta']).flatMap((meta) =>
    codingsOf(listOf(meta['security']) as PlainJson[]),
  );
  const entries = objectsIn(resource['entry']).flatMap((entry) => objectsIn(entry['resource']));
  return [...own, ...[...objectsIn(resource['contained']), ...entries].flatMap(securityCodings)];
}

function sensitivitiesFor(code: string | undefined): readonly Sensitivity[] {
  if (code === undefined) return [];
  if ((SENSITIVITIES as readonly string[]).includes(code)) return [code as Sensitivity];
  return Object.hasOwn(SENSITIVITY_SYNONYMS, code) ? (SENSITIVITY_SYNONYMS[code] ?? []) : [];
}

function highest(asked: readonly Confidentiality[]): Confidentiality {
  return CONFIDENTIALITIES.findLast((level) => asked.includes(level)) ?? 'N';
}

function confidentialityOf(asked: Confidentiality, sensitivities: number): Confidentiality {
  if (asked === 'R' && sensitivities === 0) {
    throw new FhirError('UNNAMED_RESTRICTION', `meta.security R needs one of ${SENSITIVITIES.join(', ')}`, {
      details: { expression: 'meta.security' },
    });
  }
  if (asked === 'V') return 'V';
  return sensitivities > 0 ? 'R' : 'N';
}
