import assert from 'node:assert/strict';
import { CODE } from '../blocks.ts';
import type { Case } from '../case.ts';
import {
  anyPeerOf,
  approve,
  channelPolicy,
  commitDefinition,
  currentSequence,
  privateCollection,
  readiness,
  seenBy,
} from '../definitions.ts';
import type { NextDefinition } from '../definitions.ts';
import { refused } from '../expect.ts';
import { allPeersOf } from '../policies.ts';
import { freshKey, openSession, outcomeOf } from '../session.ts';
import type { Session } from '../session.ts';
import { PRIVATE_DATA_REFUSED, PRIVATE_DATA_TAKEN } from '../exceptions.ts';
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

/** Both members approve the definition, and it is committed. */
async function agree(sessions: readonly [Session, Session], next: NextDefinition): Promise<void> {
  for (const session of sessions) await approve(session, next);
  await seenBy(sessions, next, { NorthMSP: true, SouthMSP: true });
  await commitDefinition(sessions[0], next, MEMBERS.side);
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
  {
    name: 'a definition may refer to a policy of the channel: the majority’s Endorsement',
    source: '§3 signature policies, ImplicitMeta',
    run: async (target) => {
      const { north, south, next } = await setting(target);
      const majority = { ...next, policy: channelPolicy('/Channel/Application/Endorsement') };
      await agree([north, south], majority);
      const client = await openSession(target, { channel });
      const put = [['put', freshKey('majority'), '1']] as const;
      const one = await client.submit(put, { endorsers: ['NorthMSP'] });
      assert.equal(one.status.code, CODE.ENDORSEMENT_POLICY_FAILURE);
      assert.equal((await client.submit(put, { endorsers: MEMBERS.side })).status.code, CODE.VALID);
    },
  },
  ...(
    [
      ['name', '-basic', /invalid chaincode name '-basic'/],
      ['version', '1/0', /invalid chaincode version '1\/0'/],
    ] as const
  ).map(([field, value, text]): Case => ({
    name: `a definition with an impossible ${field} is refused`,
    source: '§3 key and name validation',
    run: async (target) => {
      const { north, next } = await setting(target);
      await refused(commitDefinition(north, { ...next, [field]: value }, MEMBERS.side), {
        code: 'ABORTED',
        text,
      });
    },
  })),
  {
    name: PRIVATE_DATA_TAKEN,
    source: '§3 Private data collections are refused at definition',
    run: async (target) => {
      const { north, next } = await setting(target);
      const collections = privateCollection('secret', allPeersOf(...MEMBERS.side));
      assert.deepEqual(await readiness(north, { ...next, collections }), {
        NorthMSP: false,
        SouthMSP: false,
      });
    },
  },
  {
    name: PRIVATE_DATA_REFUSED,
    source: '§3 Private data collections are refused at definition',
    run: async (target) => {
      const { north, next } = await setting(target);
      const collections = privateCollection('secret', allPeersOf(...MEMBERS.side));
      await refused(readiness(north, { ...next, collections }), {
        code: 'UNKNOWN',
        text: /private data collections are not supported/,
      });
    },
  },
];
