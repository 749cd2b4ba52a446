/** How many of n authorities may lie without a fork (Fabric's computeBFTQuorum). */
export function toleratedFaults(authorities: number): number {
  return Math.floor((authorities - 1) / 3);
}

/** Any two quorums share at least one authority that does not lie. */
export function quorumOf(authorities: number): number {
  return Math.ceil((authorities + toleratedFaults(authorities) + 1) / 2);
}
