import type { ChainToVerify } from './types.ts';

const ALWAYS = [
  'whether endorsers ran the contract that they endorsed: a quorum of organisations vouches for it',
  'whether the times that transactions name are true',
  'whether orderers kept a transaction back, or chose the order in their own favour',
  'values of private collections: the chain holds their hashes',
];

/** What blocks alone cannot tell, and what was not asked. */
export function notChecked(chain: ChainToVerify, isWhole: boolean): string[] {
  const table: readonly (readonly [boolean, string])[] = [
    [chain.ordering === undefined, 'the schedule of orderers: only their signatures'],
    [chain.genesisHash === undefined, 'whether block 0 is the consortium’s: no hash of it was given'],
    [
      chain.heights === undefined && chain.others === undefined,
      'whether blocks follow the last one: nobody else’s height was given',
    ],
    [chain.state === undefined, 'the state that a peer answers from: none was given'],
    [!isWhole, 'the blocks behind the last one named: nothing follows from a chain that does not hold'],
  ];
  return [...ALWAYS, ...table.flatMap(([applies, what]) => (applies ? [what] : []))];
}
