import { mspId, personId, userId } from '@healthchain/core';
import { z } from 'zod';
import { transactionId } from '../gate/question.ts';
import type { MergeRow } from '../state/rows.ts';
import { command, query } from './define.ts';
import { READERS_OF_LEDGER_FACTS } from './shared.ts';

/** Persons that one merged person may consist of. */
export const MAX_MERGED = 16;

export interface PersonState {
  readonly personId: string;
  readonly registeredBy: string;
  readonly registeredAt: string;
}

export interface ResolvedPerson {
  /** The person that stands for all of them. */
  readonly personId: string;
  /** Sorted, the asked one included. */
  readonly persons: readonly string[];
}

const merge = z.strictObject({ mergeId: transactionId });

export const personsFunctions = {
  'persons:Register': command<{ readonly personId: string; readonly created: boolean }>()({
    summary:
      'Registers a person at the own organisation, which gives a relation for 90 days; again: renews the day.',
    roles: ['server'],
    argument: z.strictObject({ personId }),
    reads: 'person, relation',
    event: 'PersonRegistered',
    errors: [],
  }),
  'persons:BindKey': command<{ readonly personId: string; readonly userId: string }>()({
    summary: 'States whose key a user of the authority holds; a key stays with its person.',
    roles: ['server'],
    kinds: ['authority'],
    argument: z.strictObject({ personId, userId }),
    reads: 'person, binding',
    event: 'KeyBound',
    errors: ['PERSON_UNKNOWN', 'KEY_BOUND_ELSEWHERE'],
  }),
  'persons:Merge': command<MergeRow>()({
    summary: 'Proposes that two ids are one person. The own organisation has a relation to both.',
    roles: ['clerk'],
    argument: z
      .strictObject({ fromPersonId: personId, intoPersonId: personId })
      .refine((merge) => merge.fromPersonId !== merge.intoPersonId, 'the same person twice'),
    reads: 'persons, relations, links (ranges)',
    errors: ['PERSON_UNKNOWN', 'NO_RELATION', 'MERGE_NOT_POSSIBLE'],
  }),
  'persons:ConfirmMerge': command<MergeRow>()({
    summary:
      'A second clerk confirms; the clerks are of the organisations that registered the two. Until it is undone, the stricter of both persons’ grants holds.',
    roles: ['clerk'],
    argument: merge,
    reads: 'merge, persons, relations, links (ranges), grants of both (range)',
    event: 'PersonsMerged',
    errors: ['MERGE_UNKNOWN', 'MERGE_NOT_POSSIBLE', 'SAME_CLERK', 'NO_RELATION', 'REGISTRAR_MISSING'],
  }),
  'persons:Unmerge': command<MergeRow>()({
    summary: 'The first call proposes to undo a merge; a second clerk’s call undoes it.',
    roles: ['clerk'],
    argument: merge,
    reads: 'merge, relations',
    event: 'PersonsUnmerged',
    errors: ['MERGE_UNKNOWN', 'MERGE_NOT_POSSIBLE', 'SAME_CLERK', 'NO_RELATION'],
  }),
  'persons:Get': query<PersonState>()({
    summary: 'A registered person, or the person whose key a user holds. A patient: the own one.',
    roles: READERS_OF_LEDGER_FACTS,
    argument: z.union([z.strictObject({ personId }), z.strictObject({ mspId, userId })]),
    reads: 'person, binding',
    errors: ['PERSON_UNKNOWN', 'NOT_THE_PATIENT'],
  }),
  'persons:Resolve': query<ResolvedPerson>()({
    summary: 'All ids of a person. A patient: the own ones.',
    roles: READERS_OF_LEDGER_FACTS,
    argument: z.strictObject({ personId }),
    reads: 'person, links (ranges)',
    errors: ['PERSON_UNKNOWN', 'NOT_THE_PATIENT'],
  }),
} as const;
