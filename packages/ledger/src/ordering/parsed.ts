import {
  blockDataHash,
  checkWellFormed,
  parseTransaction,
  type ParsedTransaction,
} from '../validation/index.ts';

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

const dataHashes = new WeakMap<readonly Uint8Array[], Uint8Array>();

/** The data hash of a list of envelopes, computed once for as long as the list lives; nobody changes such a list. */
export function dataHashOnce(data: readonly Uint8Array[]): Uint8Array {
  let dataHash = dataHashes.get(data);
  if (dataHash === undefined) {
    dataHash = blockDataHash(data);
    dataHashes.set(data, dataHash);
  }
  return dataHash;
}

const wellFormed = new WeakSet<readonly Uint8Array[]>();

/** @throws LedgerError BAD_BLOCK, as checkWellFormed */
export function mustBeWellFormed(number: bigint, data: readonly Uint8Array[]): void {
  if (wellFormed.has(data)) return;
  checkWellFormed(number, data);
  wellFormed.add(data);
}
