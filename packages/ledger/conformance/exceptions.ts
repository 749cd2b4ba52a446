/** A case that one target does not run, and why. Nothing else may be left out. */
export interface Exception {
  /** What the target's name matches. */
  readonly target: RegExp;
  readonly case: string;
  readonly reason: string;
}

export const PRIVATE_DATA_TAKEN = 'a definition with private data collections is taken';
export const PRIVATE_DATA_REFUSED = 'a definition with private data collections is refused';

const EXCEPTIONS: readonly Exception[] = [
  {
    target: /^fabric \S+ bft$|^embedded/,
    case: 'one block that holds a transaction id twice applies the first',
    reason:
      'the orderers refuse a transaction that their pool already holds, so no block of theirs holds it twice',
  },
  {
    target: /^fabric \S+ bft$/,
    case: 'a transaction with a type that is no transaction’s is refused or BAD_COMMON_HEADER',
    reason:
      'orderers of Fabric v3.1.5 take it into their pool and refuse each other’s proposals of it: ordering stops',
  },
  {
    target: /^embedded/,
    case: PRIVATE_DATA_TAKEN,
    reason: 'the embedded engine has no private data: it refuses what it could keep only half of',
  },
  {
    target: /^fabric/,
    case: PRIVATE_DATA_REFUSED,
    reason: 'Fabric has private data',
  },
];

export function exceptionsOf(target: string): readonly Exception[] {
  return EXCEPTIONS.filter((each) => each.target.test(target));
}
