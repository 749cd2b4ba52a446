import { canonical, labelledHash, toHex, utf8 } from '@healthchain/core';
import { ContractError } from '../errors.ts';
import type { EpochState, custodyFunctions } from '../functions/custody.ts';
import { circleOf, organisationIn } from '../gate/standing.ts';
import type { CircleRow, Custodian, EpochRow } from '../state/rows.ts';
import { tables } from '../state/tables.ts';
import type { Tx } from '../tx.ts';
import type { RulesOf } from './rule.ts';
import { approve, countedApprovals, majorityOf } from './votes.ts';

type EpochFunction = Extract<keyof typeof custodyFunctions, `${string}Epoch` | `${string}EpochProposals`>;

/** Epochs of custody: who holds shares, at which fixed x, and how many release a key (custody.md section 2). */
export const epochRules: RulesOf<EpochFunction> = {
  'custody:ProposeEpoch': async (tx, { epoch, custodians, k = Math.floor(custodians.length / 2) + 1 }) => {
    if ((await tx.get(tables.epoch, [epoch])) !== undefined) {
      throw new ContractError('EPOCH_EXISTS', `epoch ${epoch} is or was in force`);
    }
    const terms = toHex(labelledHash('epoch-terms', utf8(canonical({ custodians, k }))));
    const row: EpochRow = {
      epoch,
      custodians,
      k,
      terms,
      state: 'proposed',
      proposedBy: tx.caller,
      at: tx.at,
    };
    return approved(tx, (await tx.get(tables.epochProposal, [epoch, terms])) ?? row);
  },

  'custody:ApproveEpoch': async (tx, { epoch, terms }) => approved(tx, await proposalOf(tx, epoch, terms)),

  'custody:GetEpoch': async (tx, { epoch }) => {
    const circle = await circleOf(tx);
    const wanted = epoch ?? circle.epoch?.epoch;
    if (wanted === undefined) throw new ContractError('EPOCH_UNKNOWN', 'no epoch is in force');
    return stateOf(tx, circle, await epochRow(tx, wanted));
  },

  'custody:ListEpochProposals': async (tx, { epoch, ...paging }) => {
    const circle = await circleOf(tx);
    const page = await tx.page(tables.epochProposal, [epoch], paging);
    return { ...page, rows: await Promise.all(page.rows.map((row) => stateOf(tx, circle, row))) };
  },
};

/** The proposal with these terms; without them the only one there is, so that nobody approves what somebody else slipped in. */
async function proposalOf(tx: Tx, epoch: number, terms: string | undefined): Promise<EpochRow> {
  if (terms === undefined) {
    const [only, ...others] = await tx.scan(tables.epochProposal, [epoch]);
    if (others.length > 0)
      throw new ContractError('EPOCH_AMBIGUOUS', 'there are several proposals: name the terms');
    if (only !== undefined) return only;
  }
  const named = terms === undefined ? undefined : await tx.get(tables.epochProposal, [epoch, terms]);
  if (named === undefined)
    throw new ContractError('EPOCH_UNKNOWN', `nobody has proposed this for epoch ${epoch}`);
  return named;
}

/** Stores the proposal with the caller's approval; the majority puts it in force and ends the epoch before. */
async function approved(tx: Tx, row: EpochRow): Promise<EpochState> {
  const circle = await circleOf(tx);
  await assertPossible(tx, circle, row);
  const approvals = countedApprovals(circle, await approve(tx, tables.epochApproval, [row.epoch, row.terms]));
  const needed = majorityOf(circle);
  if (approvals.length < needed) {
    tx.put(tables.epochProposal, [row.epoch, row.terms], row);
    return { ...row, approvals, needed };
  }
  const inForce: EpochRow = { ...row, state: 'in-force' };
  tx.put(tables.epochProposal, [row.epoch, row.terms], inForce);
  tx.put(tables.epoch, [row.epoch], inForce);
  await endEpoch(tx, circle.epoch?.epoch);
  row.custodians.forEach((custodian) => fixIndex(tx, custodian));
  const { epoch, custodians, k } = row;
  tx.put(tables.circle, [], { ...circle, epoch: { epoch, custodians, k } });
  tx.emit('EpochInForce', { epoch });
  return { ...inForce, approvals, needed };
}

/** Epochs follow one another; a custodian keeps its x, and no x ever passes to another custodian. */
async function assertPossible(tx: Tx, circle: CircleRow, { epoch, custodians }: EpochRow): Promise<void> {
  if (epoch !== (circle.epoch?.epoch ?? 0) + 1) {
    throw new ContractError('EPOCH_NOT_NEXT', `epoch ${epoch} does not follow the one in force`);
  }
  for (const { mspId, index } of custodians) {
    if (organisationIn(circle, mspId) === undefined) {
      throw new ContractError('ORGANISATION_UNKNOWN', `${mspId} is no member`);
    }
    const fixed = await tx.get(tables.custodianIndex, [mspId]);
    const holder = await tx.get(tables.indexHolder, [index]);
    if ((fixed ?? { index }).index !== index || (holder ?? { mspId }).mspId !== mspId) {
      throw new ContractError(
        'CUSTODIAN_INDEX_FIXED',
        `${mspId} has another index, or ${index} another holder`,
      );
    }
  }
}

function fixIndex(tx: Tx, { mspId, index }: Custodian): void {
  tx.put(tables.custodianIndex, [mspId], { mspId, index });
  tx.put(tables.indexHolder, [index], { mspId, index });
}

async function endEpoch(tx: Tx, epoch: number | undefined): Promise<void> {
  if (epoch !== undefined) tx.put(tables.epoch, [epoch], { ...(await epochRow(tx, epoch)), state: 'over' });
}

async function epochRow(tx: Tx, epoch: number): Promise<EpochRow> {
  const row = await tx.get(tables.epoch, [epoch]);
  if (row === undefined) throw new ContractError('EPOCH_UNKNOWN', `there is no epoch ${epoch}`);
  return row;
}

async function stateOf(tx: Tx, circle: CircleRow, row: EpochRow): Promise<EpochState> {
  const approvals = await tx.scan(tables.epochApproval, [row.epoch, row.terms]);
  return { ...row, approvals: countedApprovals(circle, approvals), needed: majorityOf(circle) };
}
