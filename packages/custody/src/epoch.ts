/** One custody epoch as its transaction on the ledger sets it (custody.md section 2). */
export interface Epoch {
  readonly number: number;
  /** k: how many custodians together release a key. */
  readonly threshold: number;
  /** In the epoch's order, which is the order of a record's share hashes. */
  readonly custodians: readonly EpochCustodian[];
}

export interface EpochCustodian {
  readonly mspId: string;
  /** The custodian's fixed x, 1 to 255, the same in every epoch that it is a member of. */
  readonly index: number;
}

/** k unless the epoch sets another: ⌊n/2⌋+1. */
export function defaultThreshold(custodians: number): number {
  return Math.floor(custodians / 2) + 1;
}
