import assert from 'node:assert/strict';
import { CODE, codesOf, readBlock, readBlocks } from '../blocks.ts';
import type { Case } from '../case.ts';
import { byOrderers, refused } from '../expect.ts';
import { alterProposal, askFor, spoil } from '../raw.ts';
import { freshKey, openSession, outcomeOf } from '../session.ts';
import type { Session } from '../session.ts';
import { CHANNELS, ORGANISATIONS } from '../target.ts';
import type { IdentityKind, Target } from '../target.ts';

const acl = '§3 channel ACLs (Readers, Writers, per method)';
const nodeOus = '§3 NodeOUs; expiry at endorser, orderer and deliver';
const malformed = /access denied: channel \[care\] creator org/;
const unsatisfied = /implicit policy evaluation failed/;

/** An identity that no endorser serves, whatever it asks, and to whom no block is delivered. */
const shutOut = (kind: IdentityKind, what: string): Case => ({
  name: `${what} is refused by endorser, commit status and deliver`,
  source: nodeOus,
  run: async (target) => {
    const session = await openSession(target, { kind });
    await refused(session.evaluate([['txId']]), {
      code: 'FAILED_PRECONDITION',
      text: malformed,
      by: ['NorthMSP'],
    });
    await refused(session.endorse([['txId']]), { code: 'ABORTED', text: malformed, by: ['NorthMSP'] });
    await isToldNothing(target, session);
  },
});

async function isToldNothing(target: Target, session: Session): Promise<void> {
  const client = await openSession(target);
  const { status } = await client.commit([['put', freshKey('shut'), '1']]);
  const asked = askFor(session, status.transactionId);
  await refused(asked.getStatus(), { code: 'PERMISSION_DENIED', text: /./ });
  await isGivenNoBlock(session);
}

async function isGivenNoBlock(session: Session): Promise<void> {
  await assert.rejects(readBlock(session, 0n), /FORBIDDEN|403/);
}

export const identityCases: readonly Case[] = [
  shutOut('stranger', 'a certificate of another CA under the organisation’s name'),
  shutOut('outsider', 'an identity of an unknown organisation'),
  shutOut('premature', 'a certificate that begins before its CA does'),
  shutOut('unclassified', 'a certificate with a unit that is no NodeOU'),
  {
    name: 'an expired certificate is refused by every endorser and by deliver',
    source: nodeOus,
    run: async (target) => {
      const session = await openSession(target, { kind: 'expired' });
      const text = /proposal client identity expired/;
      await refused(session.evaluate([['txId']]), { code: 'UNAVAILABLE', text, by: ORGANISATIONS });
      await refused(session.endorse([['txId']]), { code: 'ABORTED', text, by: ['NorthMSP'] });
      await isGivenNoBlock(session);
    },
  },
  {
    name: 'a peer’s identity reads blocks and states but proposes nothing',
    source: acl,
    run: async (target) => {
      const session = await openSession(target, { kind: 'peer' });
      await refused(session.evaluate([['txId']]), { code: 'FAILED_PRECONDITION', text: unsatisfied });
      await refused(session.endorse([['txId']]), { code: 'ABORTED', text: unsatisfied, by: ['NorthMSP'] });
      assert.equal((await readBlocks(session, 0n, 1n)).length, 2);
    },
  },
  {
    name: 'an administrator reads and writes like a client',
    source: acl,
    run: async (target) => {
      const session = await openSession(target, { kind: 'admin' });
      assert.equal((await session.submit([['put', freshKey('admin'), '1']])).status.code, CODE.VALID);
    },
  },
  {
    name: 'a member of another channel is refused',
    source: acl,
    run: async (target) => {
      const session = await openSession(target, {
        as: 'AuthorityMSP',
        at: 'NorthMSP',
        channel: CHANNELS.side,
      });
      await refused(session.evaluate([['txId']]), {
        code: 'FAILED_PRECONDITION',
        text: /access denied|implicit policy evaluation failed/,
      });
      await isGivenNoBlock(session);
    },
  },
  {
    name: 'a peer answers for no channel that it has not joined',
    source: acl,
    run: async (target) => {
      const session = await openSession(target, { as: 'AuthorityMSP', channel: CHANNELS.side });
      await refused(session.evaluate([['txId']]), { code: 'UNAVAILABLE', text: /side/ });
    },
  },
  {
    name: 'a client of one organisation is served by the peer of another',
    source: acl,
    run: async (target) => {
      const session = await openSession(target, { as: 'SouthMSP', at: 'NorthMSP' });
      const { result, status } = await session.submit([['put', freshKey('guest'), '1'], ['creator']]);
      assert.equal(status.code, CODE.VALID);
      assert.deepEqual(result[1], { mspId: 'SouthMSP', certificate: session.signing.certificate });
    },
  },
  {
    name: 'a proposal with a wrong signature is refused',
    source: nodeOus,
    run: async (target) => {
      const session = await openSession(target);
      const proposal = session.proposal([['txId']]);
      const text = /access denied: channel \[care\] creator org \[NorthMSP\]/;
      const forged = async () => {
        const signature = await session.signing.signer(new Uint8Array([1]));
        return session.gateway.newSignedProposal(proposal.getBytes(), signature);
      };
      await refused(
        forged().then((each) => each.evaluate()),
        { code: 'FAILED_PRECONDITION', text },
      );
      await refused(
        forged().then((each) => each.endorse()),
        { code: 'ABORTED', text, by: ['NorthMSP'] },
      );
    },
  },
  {
    name: 'a transaction with a wrong signature is refused by the orderers',
    source: nodeOus,
    run: async (target) => {
      const session = await openSession(target);
      const transaction = await session.endorse([['put', freshKey('forged'), '1']]);
      const signature = spoil(await session.signing.signer(transaction.getDigest()));
      const forged = session.gateway.newSignedTransaction(transaction.getBytes(), signature);
      await refused(forged.submit(), byOrderers(/FORBIDDEN/));
    },
  },
  {
    name: 'a transaction of a creator who may not write is refused by the orderers',
    source: acl,
    run: async (target) => {
      const session = await openSession(target);
      const peer = await openSession(target, { kind: 'peer' });
      const transaction = await session.endorse([['put', freshKey('forged'), '1']]);
      const stolen = peer.gateway.newTransaction(transaction.getBytes());
      await refused(stolen.submit(), byOrderers(/FORBIDDEN/));
    },
  },
  {
    name: 'a transaction signed by another writer than its proposal’s creator is refused or invalid',
    source: nodeOus,
    run: async (target) => {
      const session = await openSession(target);
      const other = await openSession(target, { kind: 'admin' });
      const transaction = await session.endorse([['put', freshKey('forged'), '1']]);
      const stolen = other.gateway.newTransaction(transaction.getBytes());
      await refused(stolen.submit(), byOrderers(/FORBIDDEN/));
      assert.equal((await outcomeOf(transaction)).status.code, CODE.VALID);
    },
  },
  {
    name: 'a commit status request with a wrong signature is refused',
    source: acl,
    run: async (target) => {
      const session = await openSession(target);
      const submitted = await (await session.endorse([['put', freshKey('status'), '1']])).submit();
      const forged = session.gateway.newSignedCommit(
        submitted.getBytes(),
        await session.signing.signer(new Uint8Array([1])),
      );
      await refused(forged.getStatus(), { code: 'PERMISSION_DENIED', text: /./ });
      assert.equal((await submitted.getStatus()).successful, true);
    },
  },
  {
    name: 'a transaction id that is not of its nonce and creator is refused',
    source: '§3 creator, TxID',
    run: async (target) => {
      const session = await openSession(target);
      const altered = alterProposal(session, session.proposal([['txId']]), ({ channel }, proposed) => {
        channel.setTxId('0'.repeat(64));
        proposed.setTransactionId('0'.repeat(64));
      });
      await refused(altered.endorse(), {
        code: 'ABORTED',
        text: /incorrectly computed txid/,
        by: ['NorthMSP'],
      });
      await refused(altered.evaluate(), { code: 'FAILED_PRECONDITION', text: /incorrectly computed txid/ });
    },
  },
  {
    name: 'a proposal without a nonce is refused',
    source: '§3 creator, TxID',
    run: async (target) => {
      const session = await openSession(target);
      const altered = alterProposal(session, session.proposal([['txId']]), ({ signature }) =>
        signature.setNonce(''),
      );
      await refused(altered.endorse(), { code: 'ABORTED', text: /nonce/, by: ['NorthMSP'] });
    },
  },
  ...[-31_000, 31_000].map((offset): Case => ({
    name: `a proposal whose timestamp is ${Math.abs(offset)} ms ${offset < 0 ? 'behind' : 'ahead'} is refused`,
    source: '§5 an endorser refuses one more than 30 s from its own clock',
    run: async (target) => {
      const session = await openSession(target);
      const altered = alterProposal(session, session.proposal([['txId']]), ({ channel }) => {
        const timestamp = channel.getTimestamp();
        timestamp?.setSeconds(Math.floor((Date.now() + offset) / 1000) + Math.sign(offset));
      });
      const text = /request unauthorized due to incorrect timestamp/;
      await refused(altered.endorse(), { code: 'ABORTED', text, by: ['NorthMSP'] });
      await refused(altered.evaluate(), { code: 'UNAVAILABLE', text, by: ORGANISATIONS });
    },
  })),
  {
    name: 'a proposal whose timestamp is 20 s behind is accepted, and its contract sees that time',
    source: '§5; §3 timestamp',
    run: async (target) => {
      const session = await openSession(target);
      const seconds = Math.floor(Date.now() / 1000) - 20;
      const altered = alterProposal(
        session,
        session.proposal([['put', freshKey('late'), '1'], ['timestamp']]),
        ({ channel }) => {
          channel.getTimestamp()?.setSeconds(seconds).setNanos(5_000_000);
        },
      );
      const { result, status } = await outcomeOf(await altered.endorse());
      assert.deepEqual(result[1], new Date(seconds * 1000 + 5).toISOString());
      const block = await readBlock(session, status.blockNumber);
      assert.deepEqual(codesOf(block, status.transactionId), [CODE.VALID]);
    },
  },
];
