/** A case that one target does not run, and why. Nothing else may be left out. */
export interface Exception {
  /** What the target's name matches. */
  readonly target: RegExp;
  readonly case: string;
  readonly reason: string;
}

const EXCEPTIONS: readonly Exception[] = [
  {
    target: /^fabric \S+ bft$|^embedded/,
    case: 'one block that holds a transaction id twice applies the first',
    reason:
      'the orderers refuse a transaction that their pool already holds, so no block of theirs holds it twice',
  },
];

export function exceptionsOf(target: string): readonly Exception[] {
  return EXCEPTIONS.filter((each) => each.target.test(target));
}
