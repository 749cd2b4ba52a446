import {
  CATEGORIES,
  PURPOSES,
  RIGHTS,
  ROLES,
  SENSITIVITIES,
  mspId,
  personId,
  userId,
  type Role,
} from '@healthchain/core';
import { z } from 'zod';
import { accessQuestion, type AccessDecision } from '../gate/question.ts';
import type { GrantNode } from '../state/rows.ts';
import { command, query } from './define.ts';
import { READERS_OF_LEDGER_FACTS, identifier, instant, paging, type Page } from './shared.ts';

/** Links from a node to the patient; a decision reads each. */
export const MAX_DELEGATION_DEPTH = 8;
export const MAX_EXCEPTIONS = 20;

const setOf = <Value extends string>(values: readonly [Value, ...Value[]] | readonly Value[]) =>
  z
    .array(z.enum(values))
    .max(values.length)
    .refine((list) => new Set(list).size === list.length, 'a value twice');

const grantee = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('person'), mspId, userId }),
  z.strictObject({ kind: z.literal('role'), mspId, role: z.enum(ROLES) }),
  z.strictObject({ kind: z.literal('organisation'), mspId }),
]);

const exception = z
  .strictObject({
    categories: setOf(CATEGORIES).min(1).optional(),
    sensitivities: setOf(SENSITIVITIES).min(1).optional(),
    purposes: setOf(PURPOSES).min(1).optional(),
    grantee: grantee.optional(),
    start: instant.optional(),
    end: instant.optional(),
  })
  .refine((dimensions) => Object.keys(dimensions).length > 0, 'an exception from everything');

/** Who may take part in the tree: holders of rights, and the patient. */
const TREE_USERS: readonly Role[] = [
  'patient',
  'family-member',
  'doctor',
  'nurse',
  'lab-technician',
  'pharmacist',
  'clerk',
  'emergency-staff',
];

const grantArguments = z.strictObject({
  grantId: identifier,
  personId,
  effect: z.enum(['permit', 'deny']),
  grantee,
  rights: setOf(RIGHTS).min(1),
  categories: z.union([z.literal('*'), setOf(CATEGORIES).min(1)]),
  sensitivities: setOf(SENSITIVITIES).default([]),
  purposes: setOf(PURPOSES).min(1),
  start: instant,
  end: instant.optional(),
  parent: identifier.optional(),
  exceptions: z.array(exception).max(MAX_EXCEPTIONS).default([]),
});

export const authorisationFunctions = {
  'authorisation:Grant': command<GrantNode>()({
    summary:
      'Adds a node: the patient a root (permit or deny), a holder of `authorise` a child of a node it holds.',
    roles: TREE_USERS,
    argument: grantArguments,
    reads: 'grant, person, binding or parent and its ancestors, links (ranges), relation (deny of write)',
    event: 'Granted',
    errors: [
      'GRANT_EXISTS',
      'PERSON_UNKNOWN',
      'NOT_THE_PATIENT',
      'DENY_IS_THE_PATIENTS',
      'PARENT_NOT_VALID',
      'PARENT_NOT_HELD',
      'EXCEEDS_PARENT',
      'TOO_DEEP',
      'GRANTEE_NOT_POSSIBLE',
      'PERIOD_NOT_POSSIBLE',
    ],
  }),
  'authorisation:Revoke': command<GrantNode>()({
    summary:
      'Revokes a node and with it its subtree: by the patient, its grantor, or the grantor of an ancestor.',
    roles: TREE_USERS,
    argument: z.strictObject({ grantId: identifier }),
    reads: 'grant, ancestors, binding, links (ranges)',
    event: 'Revoked',
    errors: ['GRANT_UNKNOWN', 'GRANT_REVOKED', 'NOT_THE_GRANTOR'],
  }),
  'authorisation:Get': query<GrantNode & { readonly inForce: boolean }>()({
    summary: 'One node, and whether it and all above it are in force. A patient: of the own tree.',
    roles: READERS_OF_LEDGER_FACTS,
    argument: z.strictObject({ grantId: identifier }),
    reads: 'grant, ancestors',
    errors: ['GRANT_UNKNOWN', 'NOT_THE_PATIENT'],
  }),
  'authorisation:ListByPerson': query<Page<GrantNode>>()({
    summary: 'The nodes of a person’s tree, revoked ones included. A patient: the own tree.',
    roles: READERS_OF_LEDGER_FACTS,
    argument: z.strictObject({ personId, ...paging }),
    reads: 'grants of the person (page)',
    errors: ['NOT_THE_PATIENT', 'BAD_BOOKMARK'],
  }),
  'authorisation:ListByGrantee': query<Page<GrantNode>>()({
    summary: 'The nodes that name exactly this grantee and are not revoked.',
    roles: ['server', 'regulator'],
    argument: z.strictObject({ grantee, ...paging }),
    reads: 'grants of the grantee (page)',
    errors: ['BAD_BOOKMARK'],
  }),
  'authorisation:Decide': query<{ readonly decisions: readonly AccessDecision[] }>()({
    summary: 'The gate, at the time of the transaction: one decision for each item, in order.',
    roles: ['server'],
    argument: accessQuestion,
    reads:
      'standing of the subject; for each person: links, relation, grants to the subject and their ancestors',
    errors: [],
  }),
} as const;
