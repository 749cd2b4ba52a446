import type { NetworkDefinition } from '../engine/index.ts';

export const CHANNEL = 'bench';
export const MEMBERS = ['NorthMSP', 'SouthMSP', 'AuthorityMSP'];
export const BATCH = { maxMessageCount: 500, preferredMaxBytes: 2 * 1024 * 1024 };

/** Three organisations with a peer and an orderer each, and one channel whose contract needs two of them. */
export const DEFINITION: NetworkDefinition = {
  organisations: ['north', 'south', 'authority'].map((name, i) => ({
    name,
    mspId: MEMBERS[i] as string,
    domain: `${name}.test`,
    peers: 1,
    orderers: 1,
  })),
  channels: [
    {
      name: CHANNEL,
      members: MEMBERS,
      contracts: [
        {
          name: 'bench',
          version: '1.0',
          endorsement: `OutOf(2,${MEMBERS.map((id) => `'${id}.peer'`).join(',')})`,
        },
      ],
      batch: BATCH,
    },
  ],
};
