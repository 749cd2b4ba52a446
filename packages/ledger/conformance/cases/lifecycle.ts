import assert from 'node:assert/strict';
import { CODE } from '../blocks.ts';
import type { Case } from '../case.ts';
import { anyPeerOf, approve, commitDefinition, currentSequence, readiness, seenBy } from '../definitions.ts';
import type { NextDefinition } from '../definitions.ts';
import { refused } from '../expect.ts';
import { allPeersOf } from '../policies.ts';
import { freshKey, openSession, outcomeOf } from '../session.ts';
import { CHANNELS, CONTRACTS, MEMBERS } from '../target.ts';
import type { Target } from '../target.ts';

const source = '§2 contracts and endorsement policies change by approve and commit in `_lifecycle`';
const channel = CHANNELS.side;

/** Administrators of both members of `side` and the next definition of its contract. */
async function setting(target: Target) {
  const north = await openSession(target, { as: 'NorthMSP', kind: 'admin', channel });
  const south = await openSession(target, { as: 'SouthMSP', kind: 'admin', channel });
  const sequence = (await currentSequence(north)) + 1;
  const next: NextDefinition = {
    name: CONTRACTS.basic,
    version: `1.${sequence}`,
    sequence,
    policy: anyPeerOf(allPeersOf('NorthMSP')),
  };
  return { north, south, next };
}

export const lifecycleCases: readonly Case[] = [
  {
    name: 'a definition needs the approval of the majority and is in force with its commit',
    source,
    run: async (target) => {
      const { north, south, next } = await setting(target);
      const client = await openSession(target, { channel });
      const put = [['put', freshKey('upgrade'), '1']] as const;
      const one = () => client.submit(put, { endorsers: ['NorthMSP'] });
      assert.equal((await one()).status.code, CODE.ENDORSEMENT_POLICY_FAILURE);
      await approve(north, next);
      await seenBy([north, south], next, { NorthMSP: true, SouthMSP: false });
      await refused(commitDefinition(north, next, MEMBERS.side), {
        code: 'ABORTED',
        text: /chaincode definition not agreed to by this org \(SouthMSP\)/,
      });
      await approve(south, next);
      await seenBy([north, south], next, { NorthMSP: true, SouthMSP: true });
      const overtaken = await client.endorse(put, { endorsers: MEMBERS.side });
      await commitDefinition(north, next, MEMBERS.side);
      assert.equal(await currentSequence(north), next.sequence);
      assert.equal((await outcomeOf(overtaken)).status.code, CODE.MVCC_READ_CONFLICT);
      assert.equal((await one()).status.code, CODE.VALID);
    },
  },
  {
    name: 'a definition out of sequence is refused, and a client may not approve',
    source,
    run: async (target) => {
      const { north, next } = await setting(target);
      const client = await openSession(target, { channel });
      const ahead = { ...next, sequence: next.sequence + 1 };
      const sequence = /requested sequence/;
      await refused(readiness(north, ahead), { code: 'UNKNOWN', text: sequence });
      await refused(commitDefinition(north, ahead, MEMBERS.side), { code: 'ABORTED', text: sequence });
      await refused(approve(client, next), {
        code: 'UNKNOWN',
        text: /Failed to authorize invocation due to failed ACL check/,
      });
    },
  },
];
