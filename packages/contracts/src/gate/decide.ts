import { EMERGENCY_HOURS } from '../functions/custody.ts';
import type { EmergencyRow } from '../state/rows.ts';
import { tables } from '../state/tables.ts';
import type { Tx } from '../tx.ts';
import { BASE_POLICY, ROLE_RULES } from './base-policy.ts';
import { chainPermits, nodeDenies, type Asking } from './cover.ts';
import { personFacts, relationFacts, type GrantChain, type PersonFacts } from './facts.ts';
import type { AccessCode, AccessDecision, AccessItem, AccessQuestion } from './question.ts';
import { standingOf } from './standing.ts';

/**
 * The gate: member? role? authorised? One decision for each item, in order; contract functions, the FHIR API and custodians all
 * ask here. Everything that no rule permits is refused. Deterministic over the state before the transaction and its time.
 */
export async function decideAccess(tx: Tx, question: AccessQuestion): Promise<AccessDecision[]> {
  const refusal = (await standingOf(tx, question.subject)) ?? refusalOfRole(question);
  if (refusal !== undefined) return question.items.map(() => refuse(refusal));
  const asking: Asking = { ...question, at: tx.at };
  const emergency = await emergencyOf(tx, question);
  const facts = await factsOf(tx, asking, question.items);
  return question.items.map((item) => decideItem(item, { asking, emergency, facts }));
}

/** The second decision: can this role have content at all, and claim this purpose? */
function refusalOfRole({ subject, purpose, right, emergency }: AccessQuestion): AccessCode | undefined {
  const rule = ROLE_RULES[subject.role];
  if (rule.refused !== undefined) return rule.refused;
  if (right === 'read-anonymised') return 'STUDY_REQUIRED';
  if (!rule.purposes.includes(purpose)) return 'PURPOSE_NOT_OF_ROLE';
  if (purpose === 'ETREAT' && emergency === undefined) return 'EMERGENCY_REQUIRED';
  if (emergency !== undefined && (purpose !== 'ETREAT' || right !== 'read')) {
    return 'EMERGENCY_NOT_APPLICABLE';
  }
  return undefined;
}

interface Situation {
  readonly asking: Asking;
  /** A valid one, why the named one is not, or none named. */
  readonly emergency: EmergencyRow | AccessCode | undefined;
  readonly facts: ReadonlyMap<string, PersonFacts>;
}

/** The third decision. A record of several persons is open only to who may read each of them. */
function decideItem(item: AccessItem, situation: Situation): AccessDecision {
  if (item.persons.length === 0) return decideWithoutPerson(item, situation.asking);
  const decisions = item.persons.map((person) =>
    decideForPerson(item, situation.facts.get(person) as PersonFacts, situation),
  );
  return decisions.find((decision) => !decision.permit) ?? (decisions[0] as AccessDecision);
}

function decideForPerson(item: AccessItem, facts: PersonFacts, situation: Situation): AccessDecision {
  const { asking, emergency } = situation;
  if (facts.isOwnPerson && ofPatient(asking)) return permit('PATIENT');
  if (isRebuild(item, asking)) return permit('REBUILD');
  if (asking.subject.role === 'server') return refuse('NO_IDENTIFIED_CONTENT');
  if (isUnknown(item, asking)) return refuse('LABELS_UNKNOWN');
  if (emergency !== undefined) return decideByEmergency(item, facts, emergency);
  const deny = facts.chains.find(([node]) => node !== undefined && nodeDenies(node, item, asking));
  if (deny !== undefined) return refuse('DENIED_BY_PATIENT', deny[0]?.grantId);
  if (isHidden(item, asking)) return refuse('VERY_RESTRICTED');
  const inBase = basePolicyCovers(item, asking);
  if (inBase && facts.isRelated) return permit('BASE_POLICY');
  const chain = permittingChain(item, facts, asking);
  if (chain !== undefined) return permit('GRANT', chain[0]?.grantId);
  return refuse(inBase ? 'NO_RELATION' : 'NOT_GRANTED');
}

/** A record of no person is its own organisation's affair. */
function decideWithoutPerson(item: AccessItem, asking: Asking): AccessDecision {
  if (isRebuild(item, asking)) return permit('REBUILD');
  if (isUnknown(item, asking)) return refuse('LABELS_UNKNOWN');
  if (isHidden(item, asking)) return refuse('VERY_RESTRICTED');
  return basePolicyCovers(item, asking) ? permit('BASE_POLICY') : refuse('NOT_GRANTED');
}

function decideByEmergency(
  item: AccessItem,
  facts: PersonFacts,
  emergency: EmergencyRow | AccessCode,
): AccessDecision {
  if (typeof emergency === 'string') return refuse(emergency);
  if (item.persons.length !== 1 || !facts.members.includes(emergency.personId)) {
    return refuse('EMERGENCY_OTHER_PERSON');
  }
  return item.confidentiality === 'V'
    ? refuse('VERY_RESTRICTED')
    : permit('EMERGENCY', emergency.emergencyId);
}

/** The person's own grants decide, and where persons are merged, each further person's as well. */
function permittingChain(item: AccessItem, facts: PersonFacts, asking: Asking): GrantChain | undefined {
  const permits = (chain: GrantChain): boolean => chainPermits(chain, item, asking);
  return facts.furtherChains.every((chains) => chains.some(permits)) ? facts.chains.find(permits) : undefined;
}

/** Each category of the record has to stand in a row; see base-policy.ts. */
function basePolicyCovers(item: AccessItem, asking: Asking): boolean {
  if (item.author.mspId !== asking.subject.mspId) return false;
  const rows = BASE_POLICY.filter(
    (row) =>
      row.roles.includes(asking.subject.role) &&
      row.rights.some((right) => right === asking.right) &&
      row.purposes.includes(asking.purpose) &&
      row.labels.includes(effectiveLabel(item)) &&
      (row.types === undefined || (item.type !== undefined && row.types.includes(item.type))),
  );
  return item.categories.every((category) =>
    rows.some(
      (row) => category === 'restricted' || row.categories === '*' || row.categories.includes(category),
    ),
  );
}

/** V has been left to its author before; for the author it stands as R. */
function effectiveLabel(item: AccessItem): 'N' | 'R' {
  return item.confidentiality === 'N' &&
    item.sensitivities.length === 0 &&
    !item.categories.includes('restricted')
    ? 'N'
    : 'R';
}

function ofPatient({ right }: Asking): boolean {
  return right === 'read' || right === 'write' || right === 'authorise';
}

/** An organisation's server rebuilds its store of the records that its own organisation wrote (custody.md section 4). */
function isRebuild(item: AccessItem, { subject, right, purpose }: Asking): boolean {
  return (
    subject.role === 'server' &&
    right === 'read' &&
    purpose === 'HOPERAT' &&
    item.author.mspId === subject.mspId
  );
}

/** Who reads on a label that is only known to be `restricted` would read on a guess; who writes knows what it writes. */
function isUnknown(item: AccessItem, { right }: Asking): boolean {
  const unlabelled = item.confidentiality === 'R' && item.sensitivities.length === 0;
  return right !== 'write' && (item.categories.includes('restricted') || unlabelled);
}

function isHidden(item: AccessItem, { right, subject }: Asking): boolean {
  const isAuthor = item.author.mspId === subject.mspId && item.author.userId === subject.userId;
  return right !== 'write' && item.confidentiality === 'V' && !isAuthor;
}

/** custody.md section 4: VALID, of the asker, at most four hours old. */
async function emergencyOf(tx: Tx, question: AccessQuestion): Promise<EmergencyRow | AccessCode | undefined> {
  if (question.emergency === undefined) return undefined;
  const row = await tx.get(tables.emergency, [question.emergency]);
  if (row === undefined) return 'EMERGENCY_UNKNOWN';
  const { by } = row;
  const isOwn = by.mspId === question.subject.mspId && by.userId === question.subject.userId;
  if (!isOwn || by.role !== question.subject.role) return 'EMERGENCY_NOT_OWN';
  const age = Date.parse(tx.at) - Date.parse(row.at);
  return age > EMERGENCY_HOURS * 3_600_000 ? 'EMERGENCY_OVER' : row;
}

async function factsOf(
  tx: Tx,
  asking: Asking,
  items: readonly AccessItem[],
): Promise<ReadonlyMap<string, PersonFacts>> {
  const facts = new Map<string, PersonFacts>();
  const beyondBase = personsBeyondBase(items, asking);
  for (const person of new Set(items.flatMap((item) => item.persons))) {
    const quick = beyondBase.has(person) ? undefined : await relationFacts(tx, asking.subject, person);
    facts.set(person, quick ?? (await personFacts(tx, asking.subject, person)));
  }
  return facts;
}

/** Persons of whom more than the relation matters: all but in a write that the base policy covers. */
function personsBeyondBase(items: readonly AccessItem[], asking: Asking): ReadonlySet<string> {
  const beyond = items.filter((item) => asking.right !== 'write' || !basePolicyCovers(item, asking));
  return new Set(beyond.flatMap((item) => item.persons));
}

function permit(code: AccessCode, basis?: string): AccessDecision {
  return basis === undefined ? { permit: true, code } : { permit: true, code, basis };
}

function refuse(code: AccessCode, basis?: string): AccessDecision {
  return basis === undefined ? { permit: false, code } : { permit: false, code, basis };
}
