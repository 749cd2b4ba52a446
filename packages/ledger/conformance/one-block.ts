import type { Transaction } from '@hyperledger/fabric-gateway';
import { readBlock, transactionsOf } from './blocks.ts';
import { outcomeOf } from './session.ts';
import type { Outcome, Session } from './session.ts';

/** How often a case tries to bring transactions into one block. */
export const TRIES = 20;

/**
 * Submits the transactions that `endorse` makes at once, until all are in one block; the engine decides when it cuts a block,
 * so it may take several tries.
 */
export async function inOneBlock(endorse: () => Promise<Transaction[]>): Promise<Outcome[]> {
  return until(endorse, async () => true);
}

/** The same, until they also stand in the block in the order in which `endorse` returned them. */
export async function inOneBlockInOrder(
  session: Session,
  endorse: () => Promise<Transaction[]>,
): Promise<Outcome[]> {
  return until(endorse, async (transactions, number) => {
    const order = transactionsOf(await readBlock(session, number)).map(({ txId }) => txId);
    const places = transactions.map((each) => order.indexOf(each.getTransactionId()));
    return places.every((place, index) => index === 0 || place > (places[index - 1] ?? -1));
  });
}

async function until(
  endorse: () => Promise<Transaction[]>,
  suits: (transactions: readonly Transaction[], block: bigint) => Promise<boolean>,
): Promise<Outcome[]> {
  for (let attempt = 0; attempt < TRIES; attempt += 1) {
    const transactions = await endorse();
    const outcomes = await Promise.all(transactions.map(outcomeOf));
    const [number, ...others] = [...new Set(outcomes.map(({ status }) => status.blockNumber))];
    if (number === undefined || others.length > 0) continue;
    if (await suits(transactions, number)) return outcomes;
  }
  throw new Error(`the transactions never came into one block as they should in ${TRIES} tries`);
}
