import type { Transaction } from '@hyperledger/fabric-gateway';
import { readBlock, transactionsOf } from './blocks.ts';
import { outcomeOf } from './session.ts';
import type { Outcome, Session } from './session.ts';

/** How often a case tries to bring transactions into one block. */
export const TRIES = 20;

/**
 * Submits the transactions that `endorse` makes at once, until all are in one block in that order; the engine decides when it cuts a
 * block, so it may take several tries.
 */
export async function inOneBlock(
  session: Session,
  endorse: () => Promise<Transaction[]>,
): Promise<Outcome[]> {
  for (let attempt = 0; attempt < TRIES; attempt += 1) {
    const transactions = await endorse();
    const outcomes = await Promise.all(transactions.map(outcomeOf));
    const [number, ...others] = [...new Set(outcomes.map(({ status }) => status.blockNumber))];
    if (number === undefined || others.length > 0) continue;
    const order = transactionsOf(await readBlock(session, number)).map(({ txId }) => txId);
    const places = transactions.map((each) => order.indexOf(each.getTransactionId()));
    if (places.every((place, index) => index === 0 || place > (places[index - 1] ?? -1))) return outcomes;
  }
  throw new Error(`the transactions never came into one block in order in ${TRIES} tries`);
}
