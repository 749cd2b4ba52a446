import { ContractError, type ContractErrorCode, type HealthClient } from '@healthchain/contracts';
import { CIRCLES, ORGANISATIONS } from '../demo/consortium.ts';

export type Circle = keyof typeof CIRCLES;

/** A contract client of the organisation's administrator on the circle. */
export type AdministratorOf = (mspId: string, circle: Circle) => HealthClient;

/** What an interrupted founding has already done. */
const DONE_BEFORE: readonly ContractErrorCode[] = [
  'ALREADY_FOUNDED',
  'ALREADY_APPROVED',
  'EPOCH_EXISTS',
  'EPOCH_NOT_NEXT',
];

/** How a circle answers that has no epoch of custody. */
const NOT_YET: readonly ContractErrorCode[] = ['NOT_FOUNDED', 'EPOCH_UNKNOWN'];

/**
 * Founds a circle: every organisation's administrator confirms the same list, then a majority approves the first custody epoch,
 * in which every member of the circle is a custodian and more than half of them release a key. Run again, it changes nothing.
 */
export async function foundCircle(circle: Circle, administratorOf: AdministratorOf): Promise<void> {
  const [first, ...others] = CIRCLES[circle].map((mspId) => administratorOf(mspId, circle)) as [
    HealthClient,
    ...HealthClient[],
  ];
  if (await hasEpoch(first)) return;
  const list = { organisations: foundingList(circle) };
  await unlessDone(() => first.membership.found(list));
  for (const other of others) await unlessDone(() => other.membership.confirmFounding(list));
  const custodians = CIRCLES[circle].map((mspId, i) => ({ mspId, index: i + 1 }));
  await unlessDone(() => first.custody.proposeEpoch({ epoch: 1, custodians }));
  const majority = Math.floor(CIRCLES[circle].length / 2) + 1;
  for (const other of others.slice(0, majority - 1))
    await unlessDone(() => other.custody.approveEpoch({ epoch: 1 }));
}

/**
 * Makes custodians of members that came after the founding: the next epoch has the custodians of the one in force under their
 * indices and these, by a majority of the administrators. Their servers must run, as every write needs their intake keys.
 */
export async function includeCustodians(
  circle: Circle,
  members: readonly string[],
  administratorOf: AdministratorOf,
): Promise<void> {
  const [first, ...others] = members.map((mspId) => administratorOf(mspId, circle));
  if (first === undefined) return;
  const { epoch, custodians } = await first.custody.getEpoch({});
  const missing = members.filter((mspId) => custodians.every((custodian) => custodian.mspId !== mspId));
  if (missing.length === 0) return;
  const last = Math.max(...custodians.map(({ index }) => index));
  const added = missing.map((mspId, i) => ({ mspId, index: last + 1 + i }));
  const next = { epoch: epoch + 1, custodians: [...custodians, ...added] };
  await unlessDone(() => first.custody.proposeEpoch(next));
  for (const other of others) {
    if ((await first.custody.getEpoch({})).epoch >= next.epoch) return;
    await unlessDone(() => other.custody.approveEpoch({ epoch: next.epoch }));
  }
}

function foundingList(
  circle: Circle,
): { mspId: string; name: string; kind: (typeof ORGANISATIONS)[number]['kind'] }[] {
  const members: readonly string[] = CIRCLES[circle];
  return ORGANISATIONS.filter(({ mspId }) => members.includes(mspId)).map(({ mspId, title, kind }) => ({
    mspId,
    name: title,
    kind,
  }));
}

async function hasEpoch({ custody }: HealthClient): Promise<boolean> {
  try {
    return (await custody.getEpoch({})).state === 'in-force';
  } catch (error) {
    if (error instanceof ContractError && NOT_YET.includes(error.code)) return false;
    throw error;
  }
}

/** Whether shares of records lie with the organisation by the epoch in force. */
export async function isCustodian({ custody }: HealthClient, mspId: string): Promise<boolean> {
  const { custodians } = await custody.getEpoch({});
  return custodians.some((custodian) => custodian.mspId === mspId);
}

async function unlessDone(call: () => Promise<unknown>): Promise<void> {
  try {
    await call();
  } catch (error) {
    if (!(error instanceof ContractError) || !DONE_BEFORE.includes(error.code)) throw error;
  }
}
