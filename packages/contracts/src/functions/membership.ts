import { KINDS, mspId, userId } from '@healthchain/core';
import { z } from 'zod';
import type { Organisation, OrganisationChange } from '../state/rows.ts';
import { command, query } from './define.ts';
import { EVERYONE, nothing } from './shared.ts';

/** Members of one channel. */
export const MAX_ORGANISATIONS = 64;

const organisation = z.strictObject({ mspId, name: z.string().min(1).max(200), kind: z.enum(KINDS) });
const foundingList = z.strictObject({
  organisations: z
    .array(organisation)
    .min(1)
    .max(MAX_ORGANISATIONS)
    .refine((list) => new Set(list.map((item) => item.mspId)).size === list.length, 'an MSP twice'),
});
const organisationChange = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('admit'), organisation }),
  z.strictObject({ kind: z.literal('suspend'), mspId }),
  z.strictObject({ kind: z.literal('reinstate'), mspId }),
]);

export interface FoundingState {
  readonly founded: boolean;
  readonly confirmed: readonly string[];
  readonly missing: readonly string[];
}

export interface ProposalState {
  readonly proposalId: string;
  readonly change: OrganisationChange;
  readonly state: 'open' | 'done';
  readonly approvals: readonly string[];
  /** Approvals needed: more than half of the active organisations. */
  readonly needed: number;
}

const proposal = z.strictObject({ proposalId: z.string().regex(/^[0-9a-f]{64}$/) });

export const membershipFunctions = {
  'membership:Found': command<FoundingState>()({
    summary: 'Proposes the founding list and confirms it for the own organisation.',
    roles: ['administrator'],
    beforeFounding: true,
    argument: foundingList,
    reads: 'founding, its approvals (range)',
    event: 'Founded',
    errors: ['ALREADY_FOUNDED', 'FOUNDING_WITHOUT_OWN'],
  }),
  'membership:ConfirmFounding': command<FoundingState>()({
    summary:
      'Confirms a founding list, stated again in full; nothing else works until all its organisations have.',
    roles: ['administrator'],
    beforeFounding: true,
    argument: foundingList,
    reads: 'founding, its approvals (range)',
    event: 'Founded',
    errors: ['ALREADY_FOUNDED', 'FOUNDING_UNKNOWN', 'FOUNDING_WITHOUT_OWN', 'ALREADY_APPROVED'],
  }),
  'membership:Propose': command<ProposalState>()({
    summary: 'Proposes to admit, suspend or reinstate an organisation, and approves it for the own one.',
    roles: ['administrator'],
    argument: z.strictObject({ change: organisationChange }),
    reads: 'none',
    event: 'OrganisationChanged',
    errors: ['ORGANISATION_EXISTS', 'ORGANISATION_UNKNOWN', 'TOO_MANY_ORGANISATIONS'],
  }),
  'membership:Approve': command<ProposalState>()({
    summary: 'Approves a proposal for the own organisation; the majority puts it into effect.',
    roles: ['administrator'],
    argument: proposal,
    reads: 'proposal, its approvals (range)',
    event: 'OrganisationChanged',
    errors: [
      'PROPOSAL_UNKNOWN',
      'PROPOSAL_CLOSED',
      'ALREADY_APPROVED',
      'ORGANISATION_EXISTS',
      'ORGANISATION_UNKNOWN',
      'TOO_MANY_ORGANISATIONS',
    ],
  }),
  'membership:GetProposal': query<ProposalState>()({
    summary: 'A proposal and who approved it.',
    roles: ['administrator', 'server', 'regulator'],
    argument: proposal,
    reads: 'proposal, its approvals (range)',
    errors: ['PROPOSAL_UNKNOWN'],
  }),
  'membership:Suspend': command<{ readonly suspended: boolean }>()({
    summary: 'Suspends a user of the own organisation; suspending twice changes nothing.',
    roles: ['administrator'],
    argument: z.strictObject({ userId }),
    reads: 'none',
    event: 'UserSuspended',
    errors: [],
  }),
  'membership:Reinstate': command<{ readonly suspended: boolean }>()({
    summary: 'Lifts the suspension of a user of the own organisation.',
    roles: ['administrator'],
    argument: z.strictObject({ userId }),
    reads: 'none',
    event: 'UserReinstated',
    errors: [],
  }),
  'membership:GetOrganisation': query<Organisation>()({
    summary: 'One member of the channel.',
    roles: EVERYONE,
    argument: z.strictObject({ mspId }),
    reads: 'none',
    errors: ['ORGANISATION_UNKNOWN'],
  }),
  'membership:ListOrganisations': query<{ readonly organisations: readonly Organisation[] }>()({
    summary: 'The members of the channel.',
    roles: EVERYONE,
    argument: nothing,
    reads: 'none',
    errors: [],
  }),
} as const;
