import { ROLES_OF_KIND } from '@healthchain/core';
import { ContractError } from '../errors.ts';
import { MAX_MERGED, type personsFunctions } from '../functions/persons.ts';
import { holdsKey, isRelatedTo } from '../gate/facts.ts';
import { groupOf } from '../gate/person-group.ts';
import { circleOf, organisationIn } from '../gate/standing.ts';
import type { LinkRow, MergeRow, PersonRow, RelationRow } from '../state/rows.ts';
import { tables } from '../state/tables.ts';
import type { Tx } from '../tx.ts';
import { flagDeniesOfMerged } from './deny-flags.ts';
import type { RulesOf } from './rule.ts';

export const personsRules: RulesOf<keyof typeof personsFunctions> = {
  'persons:Register': async (tx, { personId }) => {
    const { mspId } = tx.caller;
    const created = (await tx.get(tables.person, [personId])) === undefined;
    if (created) {
      tx.put(tables.person, [personId], { personId, registeredBy: mspId, at: tx.at });
    }
    const relation = await tx.get(tables.relation, [personId, mspId]);
    if (relation?.day !== tx.day) {
      tx.put(tables.relation, [personId, mspId], renewed(relation, personId, mspId, tx.day));
    }
    tx.emit('PersonRegistered', { personId, mspId });
    return { personId, created };
  },

  'persons:BindKey': async (tx, { personId, userId }) => {
    const { mspId } = tx.caller;
    await registered(tx, personId);
    const bound = await tx.get(tables.binding, [mspId, userId]);
    if (bound !== undefined && bound.personId !== personId) {
      throw new ContractError('KEY_BOUND_ELSEWHERE', 'the key is another person’s');
    }
    if (bound === undefined) {
      tx.put(tables.binding, [mspId, userId], { mspId, userId, personId, by: tx.caller, at: tx.at });
      tx.emit('KeyBound', { personId, mspId, userId });
    }
    return { personId, userId };
  },

  'persons:Merge': async (tx, { fromPersonId, intoPersonId }) => {
    const merge: MergeRow = {
      mergeId: tx.id,
      fromPersonId,
      intoPersonId,
      state: 'proposed',
      steps: [{ step: 'propose', by: tx.caller, at: tx.at }],
    };
    await registered(tx, fromPersonId);
    await registered(tx, intoPersonId);
    await assertRelatedToBoth(tx, merge);
    await assertMergeable(tx, merge);
    tx.put(tables.merge, [merge.mergeId], merge);
    return merge;
  },

  'persons:ConfirmMerge': async (tx, { mergeId }) => {
    const merge = await mergeIn(tx, mergeId, 'proposed');
    assertOtherClerk(tx, merge);
    await assertRelatedToBoth(tx, merge);
    await assertRegistrars(tx, merge);
    await assertMergeable(tx, merge);
    await flagDeniesOfMerged(tx, merge);
    linksOf(merge, tx.at).forEach((link) => tx.put(tables.link, [link.personId, link.otherPersonId], link));
    tx.emit('PersonsMerged', eventOf(merge));
    return stepped(tx, merge, 'merged', 'confirm');
  },

  'persons:Unmerge': async (tx, { mergeId }) => {
    const merge = await mergeIn(tx, mergeId, 'merged', 'unmerging');
    await assertRelatedToBoth(tx, merge);
    if (merge.state === 'merged') return stepped(tx, merge, 'unmerging', 'propose-undo');
    assertOtherClerk(tx, merge);
    linksOf(merge, tx.at).forEach((link) => tx.delete(tables.link, [link.personId, link.otherPersonId]));
    tx.emit('PersonsUnmerged', eventOf(merge));
    return stepped(tx, merge, 'undone', 'undo');
  },

  'persons:Get': async (tx, argument) => {
    const personId = 'personId' in argument ? argument.personId : await boundPerson(tx, argument);
    await assertOwnPerson(tx, personId);
    const person = await registered(tx, personId);
    return { personId, registeredBy: person.registeredBy, registeredAt: person.at };
  },

  'persons:Resolve': async (tx, { personId }) => {
    await assertOwnPerson(tx, personId);
    await registered(tx, personId);
    const group = await groupOf(tx, personId);
    return { personId: group.personId, persons: group.members };
  },
};

/** @throws ContractError PERSON_UNKNOWN */
export async function registered(tx: Tx, personId: string): Promise<PersonRow> {
  const person = await tx.get(tables.person, [personId]);
  if (person === undefined)
    throw new ContractError('PERSON_UNKNOWN', 'no organisation has registered the person');
  return person;
}

/** A patient asks about the own person only. @throws ContractError NOT_THE_PATIENT */
export async function assertOwnPerson(tx: Tx, personId: string): Promise<void> {
  if (tx.caller.role !== 'patient') return;
  if (!(await holdsKey(tx, tx.caller, await groupOf(tx, personId)))) {
    throw new ContractError('NOT_THE_PATIENT', 'the caller does not hold the person’s key');
  }
}

/** A relation row with today's day, whatever else it holds kept. */
export function renewed(
  before: RelationRow | undefined,
  personId: string,
  mspId: string,
  day: string,
): RelationRow {
  return { personId, mspId, day, consultDenies: before?.consultDenies ?? false };
}

async function boundPerson(
  tx: Tx,
  user: { readonly mspId: string; readonly userId: string },
): Promise<string> {
  const binding = await tx.get(tables.binding, [user.mspId, user.userId]);
  if (binding === undefined) throw new ContractError('PERSON_UNKNOWN', 'the user holds no person’s key');
  return binding.personId;
}

async function mergeIn(tx: Tx, mergeId: string, ...states: MergeRow['state'][]): Promise<MergeRow> {
  const merge = await tx.get(tables.merge, [mergeId]);
  if (merge === undefined) throw new ContractError('MERGE_UNKNOWN', 'there is no such merge');
  if (!states.includes(merge.state)) {
    throw new ContractError('MERGE_NOT_POSSIBLE', `the merge is ${merge.state}`);
  }
  return merge;
}

/** Only the person that stands for its group is merged, and never into its own group: the links stay a forest. */
async function assertMergeable(tx: Tx, merge: MergeRow): Promise<void> {
  const from = await groupOf(tx, merge.fromPersonId);
  const into = await groupOf(tx, merge.intoPersonId);
  const isWhole = from.personId === merge.fromPersonId && into.personId === merge.intoPersonId;
  if (!isWhole || from.members.includes(merge.intoPersonId)) {
    throw new ContractError('MERGE_NOT_POSSIBLE', 'one of the persons is merged into another');
  }
  if (from.members.length + into.members.length > MAX_MERGED) {
    throw new ContractError('MERGE_NOT_POSSIBLE', `a person consists of at most ${MAX_MERGED} ids`);
  }
}

async function assertRelatedToBoth(tx: Tx, merge: MergeRow): Promise<void> {
  for (const personId of [merge.fromPersonId, merge.intoPersonId]) {
    if (!(await isRelatedTo(tx, tx.caller.mspId, personId))) {
      throw new ContractError('NO_RELATION', 'the clerk’s organisation has no relation to both persons');
    }
  }
}

/**
 * Between them the two clerks speak for the organisations that registered the two persons, where those have clerks: no organisation
 * alone makes one of its own patients somebody who is another's.
 */
async function assertRegistrars(tx: Tx, { fromPersonId, intoPersonId, steps }: MergeRow): Promise<void> {
  const circle = await circleOf(tx);
  const clerks = [...steps.map(({ by }) => by.mspId), tx.caller.mspId];
  for (const personId of [fromPersonId, intoPersonId]) {
    const { registeredBy } = await registered(tx, personId);
    const kind = organisationIn(circle, registeredBy)?.kind;
    const hasClerks = kind !== undefined && ROLES_OF_KIND[kind].includes('clerk');
    if (hasClerks && !clerks.includes(registeredBy)) {
      throw new ContractError('REGISTRAR_MISSING', `a clerk of ${registeredBy} has to propose or confirm`);
    }
  }
}

function assertOtherClerk(tx: Tx, merge: MergeRow): void {
  const last = merge.steps.at(-1)?.by;
  if (last?.mspId === tx.caller.mspId && last.userId === tx.caller.userId) {
    throw new ContractError('SAME_CLERK', 'a second clerk has to confirm');
  }
}

function stepped(
  tx: Tx,
  merge: MergeRow,
  state: MergeRow['state'],
  step: MergeRow['steps'][number]['step'],
): MergeRow {
  const after: MergeRow = {
    ...merge,
    state,
    steps: [...merge.steps, { step, by: tx.caller, at: tx.at }],
  };
  tx.put(tables.merge, [merge.mergeId], after);
  return after;
}

function linksOf({ mergeId, fromPersonId, intoPersonId }: MergeRow, at: string): LinkRow[] {
  const link = { mergeId, intoPersonId, at };
  return [
    { ...link, personId: fromPersonId, otherPersonId: intoPersonId },
    { ...link, personId: intoPersonId, otherPersonId: fromPersonId },
  ];
}

function eventOf({ mergeId, fromPersonId, intoPersonId }: MergeRow) {
  return { mergeId, fromPersonId, intoPersonId };
}
