import { ContractError } from '../errors.ts';
import type { EpochState, custodyFunctions } from '../functions/custody.ts';
import { circleOf, organisationIn } from '../gate/standing.ts';
import type { ApprovalRow, CircleRow, Custodian, EpochRow } from '../state/rows.ts';
import { tables } from '../state/tables.ts';
import type { Tx } from '../tx.ts';
import type { RulesOf } from './rule.ts';
import { approve, countedApprovals, majorityOf } from './votes.ts';

type EpochFunction = Extract<keyof typeof custodyFunctions, `${string}Epoch`>;

/** Epochs of custody: who holds shares, at which fixed x, and how many release a key (custody.md section 2). */
export const epochRules: RulesOf<EpochFunction> = {
  'custody:ProposeEpoch': async (tx, { epoch, custodians, k }) => {
    const circle = await circleOf(tx);
    if ((await tx.get(tables.epoch, [epoch])) !== undefined) {
      throw new ContractError('EPOCH_EXISTS', `epoch ${epoch} is proposed`);
    }
    const row: EpochRow = {
      epoch,
      custodians,
      k: k ?? Math.floor(custodians.length / 2) + 1,
      state: 'proposed',
      proposedBy: tx.caller,
      at: tx.at,
    };
    return settle(tx, circle, row, await approve(tx, tables.epochApproval, epoch));
  },

  'custody:ApproveEpoch': async (tx, { epoch }) => {
    const row = await epochRow(tx, epoch);
    return settle(tx, await circleOf(tx), row, await approve(tx, tables.epochApproval, epoch));
  },

  'custody:GetEpoch': async (tx, { epoch }) => {
    const circle = await circleOf(tx);
    const wanted = epoch ?? circle.epoch?.epoch;
    if (wanted === undefined) throw new ContractError('EPOCH_UNKNOWN', 'no epoch is in force');
    const approvals = await tx.scan(tables.epochApproval, [wanted]);
    return stateOf(circle, await epochRow(tx, wanted), approvals);
  },
};

/** Stores the epoch with its approvals; the majority puts it in force and ends the one before. */
async function settle(
  tx: Tx,
  circle: CircleRow,
  row: EpochRow,
  approvals: readonly ApprovalRow[],
): Promise<EpochState> {
  await assertPossible(tx, circle, row);
  if (countedApprovals(circle, approvals).length < majorityOf(circle)) {
    tx.put(tables.epoch, [row.epoch], row);
    return stateOf(circle, row, approvals);
  }
  const inForce: EpochRow = { ...row, state: 'in-force' };
  tx.put(tables.epoch, [row.epoch], inForce);
  await endEpoch(tx, circle.epoch?.epoch);
  row.custodians.forEach((custodian) => fixIndex(tx, custodian));
  const { epoch, custodians, k } = row;
  tx.put(tables.circle, [], { ...circle, epoch: { epoch, custodians, k } });
  tx.emit('EpochInForce', { epoch });
  return stateOf(circle, inForce, approvals);
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

function stateOf(circle: CircleRow, row: EpochRow, approvals: readonly ApprovalRow[]): EpochState {
  return { ...row, approvals: countedApprovals(circle, approvals), needed: majorityOf(circle) };
}
