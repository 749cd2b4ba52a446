import { parseTransaction, type ParsedTransaction } from '../validation/index.ts';

const parsed = new WeakMap<Uint8Array, ParsedTransaction>();

/** Decodes an envelope once for as long as these bytes live: orderers and peers of one process pass them on by reference. */
export function parsedOnce(envelope: Uint8Array): ParsedTransaction {
  let transaction = parsed.get(envelope);
  if (transaction === undefined) {
    transaction = parseTransaction(envelope);
    parsed.set(envelope, transaction);
  }
  return transaction;
}
