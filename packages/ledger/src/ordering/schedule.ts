/**
 * Says which authority proposes the block at a height and turn. A function of committed state alone, so that every
 * authority, peer and verifier gives the same answer without a clock.
 */
export interface Schedule {
  proposer(authorities: readonly number[], height: number, turn: number): number;
}

/** Authorities in the order of their consenter ids, one height after the other; a turn passed over goes to the next. */
export const roundRobin: Schedule = {
  proposer(authorities, height, turn) {
    const ordered = [...authorities].sort((a, b) => a - b);
    const chosen = ordered[(height + turn) % ordered.length];
    if (chosen === undefined) throw new Error('A schedule needs at least one authority');
    return chosen;
  },
};
