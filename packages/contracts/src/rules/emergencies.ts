import { ContractError } from '../errors.ts';
import {
  EMERGENCY_HOURS,
  MAX_EMERGENCIES_PER_HOUR,
  MAX_OPEN_EMERGENCIES,
  type custodyFunctions,
} from '../functions/custody.ts';
import type { EmergencyPointer, EmergencyRow } from '../state/rows.ts';
import { tables } from '../state/tables.ts';
import type { Tx } from '../tx.ts';
import { assertOwnPerson, registered } from './persons.ts';
import type { RulesOf } from './rule.ts';

type EmergencyFunction = Extract<
  keyof typeof custodyFunctions,
  `${string}Emergency` | 'custody:ListEmergencies'
>;

const HOUR = 3_600_000;
/** How far another caller's clock may be ahead of this transaction's (design/ledger.md section 5: twice 30 s). */
const SKEW = 60_000;

/** Break-glass: a ledger transaction of its own before anything is released (custody.md section 4, health.md section 8). */
export const emergencyRules: RulesOf<EmergencyFunction> = {
  'custody:OpenEmergency': async (tx, { personId, reason }) => {
    await registered(tx, personId);
    await assertWithinLimits(tx, personId);
    const row: EmergencyRow = {
      emergencyId: tx.id,
      personId,
      by: tx.caller,
      reason,
      at: tx.at,
      until: new Date(Date.parse(tx.at) + EMERGENCY_HOURS * HOUR).toISOString(),
    };
    putEmergency(tx, row);
    tx.emit('EmergencyOpened', { emergencyId: row.emergencyId, personId, by: row.by, reason });
    return row;
  },

  'custody:ReviewEmergency': async (tx, { emergencyId, outcome }) => {
    const row = await emergencyRow(tx, emergencyId);
    assertReviewer(tx, row.by.mspId);
    if (row.review !== undefined) throw new ContractError('EMERGENCY_REVIEWED', 'the emergency is reviewed');
    const reviewed: EmergencyRow = { ...row, review: { outcome, by: tx.caller, at: tx.at } };
    tx.put(tables.emergency, [emergencyId], reviewed);
    tx.delete(tables.emergencyUnreviewed, [row.by.mspId, emergencyId]);
    tx.emit('EmergencyReviewed', { emergencyId, personId: row.personId, outcome });
    return reviewed;
  },

  'custody:GetEmergency': async (tx, { emergencyId }) => {
    const row = await emergencyRow(tx, emergencyId);
    await assertOwnPerson(tx, row.personId);
    if (tx.caller.role === 'privacy-officer') assertReviewer(tx, row.by.mspId);
    return row;
  },

  'custody:ListEmergencies': async (tx, argument) => {
    const { pageSize, bookmark } = argument;
    const paging = { pageSize, bookmark };
    if ('personId' in argument) {
      const { personId } = argument;
      await assertOwnPerson(tx, personId);
      if (tx.caller.role === 'privacy-officer') {
        throw new ContractError('NOT_THE_REVIEWER', 'a privacy officer lists by organisation');
      }
      return withRows(tx, await tx.page(tables.emergencyByPerson, [personId], paging));
    }
    if (tx.caller.role === 'patient') throw new ContractError('NOT_THE_PATIENT', 'a patient lists by person');
    if (tx.caller.role === 'privacy-officer') assertReviewer(tx, argument.mspId);
    return withRows(tx, await tx.page(tables.emergencyUnreviewed, [argument.mspId], paging));
  },
};

function putEmergency(tx: Tx, row: EmergencyRow): void {
  const { emergencyId, personId, at } = row;
  const { mspId, userId } = row.by;
  const pointer: EmergencyPointer = { emergencyId, personId, userId, at };
  tx.put(tables.emergency, [emergencyId], row);
  tx.put(tables.emergencyByPerson, [personId, emergencyId], pointer);
  tx.put(tables.emergencyByHour, [mspId, hourOf(Date.parse(at)), emergencyId], pointer);
  tx.put(tables.emergencyUnreviewed, [mspId, emergencyId], pointer);
}

/** @throws ContractError EMERGENCY_LIMIT */
async function assertWithinLimits(tx: Tx, personId: string): Promise<void> {
  const now = Date.parse(tx.at);
  const recent = await emergenciesSince(tx, now - EMERGENCY_HOURS * HOUR);
  const open = recent.filter((emergency) => emergency.userId === tx.caller.userId);
  if (new Set([...open.map((emergency) => emergency.personId), personId]).size > MAX_OPEN_EMERGENCIES) {
    throw new ContractError('EMERGENCY_LIMIT', `at most ${MAX_OPEN_EMERGENCIES} open emergencies a person`);
  }
  const lastHour = recent.filter((emergency) => Date.parse(emergency.at) > now - HOUR);
  if (lastHour.length >= MAX_EMERGENCIES_PER_HOUR) {
    throw new ContractError(
      'EMERGENCY_LIMIT',
      `at most ${MAX_EMERGENCIES_PER_HOUR} an hour and organisation`,
    );
  }
}

/** The emergencies of the caller's organisation since an instant; reads one range for each hour. */
async function emergenciesSince(tx: Tx, since: number): Promise<EmergencyPointer[]> {
  const found: EmergencyPointer[] = [];
  const last = hourOf(Date.parse(tx.at) + SKEW);
  for (let time = since; hourOf(time) <= last; time += HOUR) {
    found.push(...(await tx.scan(tables.emergencyByHour, [tx.caller.mspId, hourOf(time)])));
  }
  return found.filter((emergency) => Date.parse(emergency.at) > since);
}

function hourOf(time: number): string {
  return new Date(time).toISOString().slice(0, 13);
}

async function emergencyRow(tx: Tx, emergencyId: string): Promise<EmergencyRow> {
  const row = await tx.get(tables.emergency, [emergencyId]);
  if (row === undefined) throw new ContractError('EMERGENCY_UNKNOWN', 'there is no such emergency');
  return row;
}

/** A hospital's privacy officer and the authority's regulator answer for the emergencies of their own organisation. */
function assertReviewer(tx: Tx, mspId: string): void {
  if (tx.caller.mspId !== mspId) {
    throw new ContractError('NOT_THE_REVIEWER', 'the emergency is another organisation’s');
  }
}

async function withRows(
  tx: Tx,
  page: { readonly rows: readonly EmergencyPointer[]; readonly bookmark?: string },
) {
  const rows = await Promise.all(page.rows.map((pointer) => emergencyRow(tx, pointer.emergencyId)));
  return { ...page, rows };
}
