import type { ArgumentOf, Grantee } from '@healthchain/contracts';
import { CATEGORIES, PURPOSES, RIGHTS, ROLES, SENSITIVITIES, toPlain, type Right } from '@healthchain/core';
import { z } from 'zod';
import { CATEGORY_SYSTEM, SENSITIVITY_SYSTEM } from '../../fhir/index.ts';
import type { ExactResource } from '../../ports.ts';
import { ExchangeError } from '../error.ts';
import { EXTENSION, HL7, SYSTEM } from './systems.ts';

/**
 * What of FHIR's Consent is enforced, and so accepted: everything else is refused with the element's name, never stored and ignored
 * (health.md section 4). The schema is strict at every level for that reason.
 */
const code = <Code extends string>(system: string, codes: readonly Code[]) =>
  z.strictObject({
    system: z.literal(system),
    code: z.enum(codes as readonly [Code, ...Code[]]),
    display: z.string().optional(),
  });
const identifier = (system: string) =>
  z.strictObject({ system: z.literal(system), value: z.string().max(200) });
const reference = z.union([
  z.strictObject({ reference: z.string(), type: z.string().optional(), display: z.string().optional() }),
  z.strictObject({
    identifier: z.union([identifier(SYSTEM.user), identifier(SYSTEM.organisation)]),
    display: z.string().optional(),
  }),
]);
const dateTime = z.string().regex(/^\d{4}-\d\d-\d\d(T\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d))?$/);
const period = z.strictObject({ start: dateTime.optional(), end: dateTime.optional() });

const actor = z.strictObject({
  role: z.strictObject({
    coding: z.array(z.union([code(HL7.participation, ['IRCP', 'PRCP']), code(SYSTEM.role, ROLES)])).length(1),
    text: z.string().optional(),
  }),
  reference,
});
const dimensions = {
  period: period.optional(),
  actor: z.array(actor).length(1).optional(),
  securityLabel: z.array(code(SENSITIVITY_SYSTEM, SENSITIVITIES)).min(1).optional(),
  purpose: z.array(code(HL7.actReason, PURPOSES)).min(1).optional(),
  class: z.array(code(CATEGORY_SYSTEM, CATEGORIES)).min(1).optional(),
};
const provision = z.strictObject({
  type: z.enum(['permit', 'deny']),
  ...dimensions,
  actor: z.array(actor).length(1),
  purpose: z.array(code(HL7.actReason, PURPOSES)).min(1),
  action: z
    .array(z.strictObject({ coding: z.array(code(HL7.consentAction, ['access'])).length(1) }))
    .length(1)
    .optional(),
  provision: z
    .array(z.strictObject({ type: z.enum(['permit', 'deny']), ...dimensions }))
    .min(1)
    .optional(),
});
const extension = z.discriminatedUnion('url', [
  z.strictObject({ url: z.literal(EXTENSION.right), valueCode: z.enum(RIGHTS) }),
  z.strictObject({
    url: z.literal(EXTENSION.parent),
    valueReference: z.strictObject({ reference: z.string().regex(/^Consent\/[A-Za-z0-9-]{1,64}$/) }),
  }),
]);

const consent = z.strictObject({
  resourceType: z.literal('Consent'),
  id: z.string().optional(),
  meta: z.looseObject({}).optional(),
  modifierExtension: z.array(extension).optional(),
  status: z.enum(['active', 'inactive']),
  scope: z.strictObject({
    coding: z.array(code(HL7.consentScope, ['patient-privacy'])).length(1),
    text: z.string().optional(),
  }),
  category: z.array(z.looseObject({})).min(1),
  patient: z.strictObject({
    reference: z.string().optional(),
    identifier: identifier(SYSTEM.person).optional(),
    display: z.string().optional(),
  }),
  dateTime: dateTime.optional(),
  performer: z.array(reference).max(1).optional(),
  organization: z.array(reference).max(1).optional(),
  sourceReference: z.strictObject({ identifier: identifier(SYSTEM.transaction) }).optional(),
  policyRule: z
    .strictObject({ coding: z.array(code(HL7.actCode, ['OPTIN'])).length(1), text: z.string().optional() })
    .optional(),
  provision,
});
export type ConsentBody = z.infer<typeof consent>;

/** @throws ExchangeError INVALID whose `details.expression` is the element that is not enforced */
export function readConsent(resource: ExactResource): ConsentBody {
  const parsed = consent.safeParse(toPlain(resource));
  if (parsed.success) return parsed.data;
  const expression = expressionOf(parsed.error.issues);
  throw new ExchangeError('INVALID', `${expression} cannot be enforced as it stands`, {
    cause: parsed.error,
    details: { expression },
  });
}

/** Resolves what a reference of a Consent stands for. */
export interface ConsentNames {
  /** `Patient/id` or a person's identifier. @throws ExchangeError INVALID */
  person(patient: ConsentBody['patient']): Promise<string>;
  /** A directory reference to the identifier that it carries: `<mspId>/<userId>` or `<mspId>`. */
  directory(reference: string, system: string): string | undefined;
}

/** The grant that the Consent asks for. */
export async function grantOf(
  body: ConsentBody,
  grantId: string,
  names: ConsentNames,
  at: Date,
): Promise<ArgumentOf<'authorisation:Grant'>> {
  const { provision: base } = body;
  const parent = body.modifierExtension?.find((each) => each.url === EXTENSION.parent);
  const exceptions = (base.provision ?? []).map((each, i) => {
    if (each.type === base.type) throw notEnforced(`Consent.provision.provision[${i}].type`);
    return exceptionOf(each, names, `Consent.provision.provision[${i}]`);
  });
  return {
    grantId,
    personId: await names.person(body.patient),
    effect: base.type,
    grantee: granteeOf(base.actor[0] as z.infer<typeof actor>, names, 'Consent.provision.actor[0]'),
    rights: rightsOf(body),
    categories: base.class === undefined ? '*' : base.class.map((coding) => coding.code),
    sensitivities: (base.securityLabel ?? []).map((coding) => coding.code),
    purposes: base.purpose.map((coding) => coding.code),
    start: base.period?.start === undefined ? at.toISOString() : startOf(base.period.start),
    ...(base.period?.end === undefined ? {} : { end: endOf(base.period.end) }),
    ...(parent?.url === EXTENSION.parent
      ? { parent: parent.valueReference.reference.slice('Consent/'.length) }
      : {}),
    exceptions,
  };
}

function rightsOf(body: ConsentBody): Right[] {
  const further = (body.modifierExtension ?? []).flatMap((each) =>
    each.url === EXTENSION.right ? [each.valueCode] : [],
  );
  const rights: Right[] = [...(body.provision.action === undefined ? [] : (['read'] as const)), ...further];
  if (rights.length === 0) throw notEnforced('Consent.provision.action');
  return [...new Set(rights)];
}

function exceptionOf(
  each: NonNullable<ConsentBody['provision']['provision']>[number],
  names: ConsentNames,
  path: string,
) {
  const { start, end } = each.period ?? {};
  return {
    ...(each.class === undefined ? {} : { categories: each.class.map((coding) => coding.code) }),
    ...(each.securityLabel === undefined
      ? {}
      : { sensitivities: each.securityLabel.map((coding) => coding.code) }),
    ...(each.purpose === undefined ? {} : { purposes: each.purpose.map((coding) => coding.code) }),
    ...(each.actor?.[0] === undefined
      ? {}
      : { grantee: granteeOf(each.actor[0], names, `${path}.actor[0]`) }),
    ...(start === undefined ? {} : { start: startOf(start) }),
    ...(end === undefined ? {} : { end: endOf(end) }),
  };
}

function granteeOf(
  { role, reference: to }: z.infer<typeof actor>,
  names: ConsentNames,
  path: string,
): Grantee {
  const user = identifierOf(to, SYSTEM.user, names);
  const mspId = identifierOf(to, SYSTEM.organisation, names);
  const [coding] = role.coding;
  const ofRole = coding?.system === SYSTEM.role ? coding.code : undefined;
  if (ofRole !== undefined && mspId !== undefined)
    return { kind: 'role', mspId, role: ofRole as (typeof ROLES)[number] };
  if (ofRole !== undefined) throw notEnforced(`${path}.role`);
  if (mspId !== undefined) return { kind: 'organisation', mspId };
  const [userMsp, userId] = user?.split('/') ?? [];
  if (userMsp === undefined || userId === undefined) throw notEnforced(`${path}.reference`);
  return { kind: 'person', mspId: userMsp, userId };
}

function identifierOf(
  to: z.infer<typeof reference>,
  system: string,
  names: ConsentNames,
): string | undefined {
  if ('reference' in to) return names.directory(to.reference, system);
  return to.identifier.system === system ? to.identifier.value : undefined;
}

/** A date means its first moment, UTC. */
function startOf(text: string): string {
  return new Date(text).toISOString();
}

/** The first moment at which the grant does not hold: a date ends with its day, UTC; an instant is that moment. */
function endOf(text: string): string {
  const at = new Date(text);
  if (!text.includes('T')) at.setUTCDate(at.getUTCDate() + 1);
  return at.toISOString();
}

export function notEnforced(expression: string): ExchangeError {
  return new ExchangeError('INVALID', `${expression} cannot be enforced as it stands`, {
    details: { expression },
  });
}

function expressionOf(issues: readonly z.core.$ZodIssue[]): string {
  const issue = issues[0];
  const path = [
    ...(issue?.path ?? []),
    ...(issue?.code === 'unrecognized_keys' ? issue.keys.slice(0, 1) : []),
  ];
  return path.reduce<string>(
    (text, part) => (typeof part === 'number' ? `${text}[${part}]` : `${text}.${String(part)}`),
    'Consent',
  );
}
