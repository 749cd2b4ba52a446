import { canonical, labelledHash, toHex, utf8 } from '@healthchain/core';
import { ContractError } from '../errors.ts';
import {
  MAX_ORGANISATIONS,
  type FoundingState,
  type ProposalState,
  type membershipFunctions,
} from '../functions/membership.ts';
import { circleOf, organisationIn } from '../gate/standing.ts';
import type { ParsedArgumentOf } from '../registry.ts';
import type {
  ApprovalRow,
  CircleRow,
  FoundingRow,
  Organisation,
  OrganisationChange,
  ProposalRow,
} from '../state/rows.ts';
import { tables } from '../state/tables.ts';
import type { Tx } from '../tx.ts';
import type { RulesOf } from './rule.ts';
import { approve, countedApprovals, majorityOf } from './votes.ts';

type FoundingList = ParsedArgumentOf<'membership:Found'>;

export const membershipRules: RulesOf<keyof typeof membershipFunctions> = {
  'membership:Found': async (tx, argument) => {
    const hash = await openFounding(tx, argument);
    if ((await tx.get(tables.founding, [hash])) === undefined) {
      tx.put(tables.founding, [hash], {
        organisations: argument.organisations,
        proposedBy: tx.caller,
        at: tx.at,
      });
    }
    return confirmFounding(tx, hash, argument);
  },

  'membership:ConfirmFounding': async (tx, argument) => {
    const hash = await openFounding(tx, argument);
    if ((await tx.get(tables.founding, [hash])) === undefined) {
      throw new ContractError('FOUNDING_UNKNOWN', 'nobody has proposed exactly this list');
    }
    return confirmFounding(tx, hash, argument);
  },

  'membership:Propose': async (tx, { change }) => {
    const circle = await circleOf(tx);
    assertPossible(circle, change);
    const proposal: ProposalRow = {
      proposalId: tx.id,
      change,
      state: 'open',
      proposedBy: tx.caller,
      at: tx.at,
    };
    return settle(tx, circle, proposal, await approve(tx, tables.proposalApproval, [tx.id]));
  },

  'membership:Approve': async (tx, { proposalId }) => {
    const circle = await circleOf(tx);
    const proposal = await proposalOf(tx, proposalId);
    if (proposal.state !== 'open') throw new ContractError('PROPOSAL_CLOSED', 'the proposal is in effect');
    assertPossible(circle, proposal.change);
    return settle(tx, circle, proposal, await approve(tx, tables.proposalApproval, [proposalId]));
  },

  'membership:GetProposal': async (tx, { proposalId }) => {
    const proposal = await proposalOf(tx, proposalId);
    const approvals = await tx.scan(tables.proposalApproval, [proposalId]);
    return stateOf(await circleOf(tx), proposal, approvals);
  },

  'membership:Suspend': async (tx, { userId }) => {
    const { mspId } = tx.caller;
    tx.put(tables.suspension, [mspId, userId], { mspId, userId, by: tx.caller, at: tx.at });
    tx.emit('UserSuspended', { mspId, userId });
    return { suspended: true };
  },

  'membership:Reinstate': async (tx, { userId }) => {
    const { mspId } = tx.caller;
    tx.delete(tables.suspension, [mspId, userId]);
    tx.emit('UserReinstated', { mspId, userId });
    return { suspended: false };
  },

  'membership:GetOrganisation': async (tx, { mspId }) => {
    const organisation = organisationIn(await circleOf(tx), mspId);
    if (organisation === undefined) throw new ContractError('ORGANISATION_UNKNOWN', `${mspId} is no member`);
    return organisation;
  },

  'membership:ListOrganisations': async (tx) => ({ organisations: (await circleOf(tx)).organisations }),
};

/** The hash under which a founding list is confirmed: whoever confirms has stated the same list. */
async function openFounding(tx: Tx, { organisations }: FoundingList): Promise<string> {
  if ((await tx.get(tables.circle, [])) !== undefined) {
    throw new ContractError('ALREADY_FOUNDED', 'the circle is founded');
  }
  if (!organisations.some((organisation) => organisation.mspId === tx.caller.mspId)) {
    throw new ContractError('FOUNDING_WITHOUT_OWN', `${tx.caller.mspId} is not in the list`);
  }
  const sorted = organisations.toSorted((a, b) => (a.mspId < b.mspId ? -1 : 1));
  return toHex(labelledHash('founding', utf8(tx.channel), utf8(canonical(sorted))));
}

async function confirmFounding(
  tx: Tx,
  hash: string,
  { organisations }: FoundingList,
): Promise<FoundingState> {
  const approvals = await approve(tx, tables.foundingApproval, [hash]);
  const confirmed = approvals.map((approval) => approval.by.mspId).sort();
  const missing = organisations
    .map((organisation) => organisation.mspId)
    .filter((mspId) => !confirmed.includes(mspId))
    .sort();
  if (missing.length === 0) found(tx, organisations);
  return { founded: missing.length === 0, confirmed, missing };
}

function found(tx: Tx, list: FoundingRow['organisations']): void {
  const organisations = list
    .map((organisation): Organisation => ({ ...organisation, status: 'active', since: tx.at }))
    .sort((a, b) => (a.mspId < b.mspId ? -1 : 1));
  tx.put(tables.circle, [], { organisations, intakeKeys: [] });
  tx.emit('Founded', { organisations: organisations.map((organisation) => organisation.mspId) });
}

async function proposalOf(tx: Tx, proposalId: string): Promise<ProposalRow> {
  const proposal = await tx.get(tables.proposal, [proposalId]);
  if (proposal === undefined) throw new ContractError('PROPOSAL_UNKNOWN', 'there is no such proposal');
  return proposal;
}

function settle(
  tx: Tx,
  circle: CircleRow,
  proposal: ProposalRow,
  approvals: readonly ApprovalRow[],
): ProposalState {
  const isDone = countedApprovals(circle, approvals).length >= majorityOf(circle);
  const settled: ProposalRow = isDone ? { ...proposal, state: 'done' } : proposal;
  tx.put(tables.proposal, [proposal.proposalId], settled);
  if (isDone) {
    tx.put(tables.circle, [], changed(circle, proposal.change, tx.at));
    tx.emit('OrganisationChanged', { proposalId: proposal.proposalId, change: proposal.change });
  }
  return stateOf(circle, settled, approvals);
}

function stateOf(circle: CircleRow, proposal: ProposalRow, approvals: readonly ApprovalRow[]): ProposalState {
  return {
    proposalId: proposal.proposalId,
    change: proposal.change,
    state: proposal.state,
    approvals: countedApprovals(circle, approvals),
    needed: majorityOf(circle),
  };
}

function assertPossible(circle: CircleRow, change: OrganisationChange): void {
  const mspId = change.kind === 'admit' ? change.organisation.mspId : change.mspId;
  const isMember = organisationIn(circle, mspId) !== undefined;
  if (change.kind !== 'admit') {
    if (!isMember) throw new ContractError('ORGANISATION_UNKNOWN', `${mspId} is no member`);
    return;
  }
  if (isMember) throw new ContractError('ORGANISATION_EXISTS', `${mspId} is a member`);
  if (circle.organisations.length === MAX_ORGANISATIONS) {
    throw new ContractError('TOO_MANY_ORGANISATIONS', `a channel has at most ${MAX_ORGANISATIONS} members`);
  }
}

/** The circle after a change. A suspended organisation's intake keys stay: its custodian still holds shares. */
function changed(circle: CircleRow, change: OrganisationChange, at: string): CircleRow {
  if (change.kind === 'admit') {
    const admitted: Organisation = { ...change.organisation, status: 'active', since: at };
    return {
      ...circle,
      organisations: [...circle.organisations, admitted].sort((a, b) => (a.mspId < b.mspId ? -1 : 1)),
    };
  }
  const status = change.kind === 'suspend' ? 'suspended' : 'active';
  return {
    ...circle,
    organisations: circle.organisations.map((organisation) =>
      organisation.mspId === change.mspId ? { ...organisation, status, since: at } : organisation,
    ),
  };
}
