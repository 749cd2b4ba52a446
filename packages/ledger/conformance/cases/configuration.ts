import assert from 'node:assert/strict';
import { common, msp, orderer } from '@hyperledger/fabric-protos';
import { CODE, codesOf, readBlock, transactionsOf } from '../blocks.ts';
import type { Case } from '../case.ts';
import { applyUpdate, readConfig, submitUpdate, updateOf } from '../configuration.ts';
import { byOrderers, refused } from '../expect.ts';
import { askFor } from '../raw.ts';
import { freshKey, openSession, outcomeOf } from '../session.ts';
import type { Session } from '../session.ts';
import { ORGANISATIONS } from '../target.ts';
import type { Target } from '../target.ts';

const source =
  '§2 organisations, CRLs and batch limits change by CONFIG transactions checked against their modification policies';
const BATCH_SIZE = [{ groups: ['Orderer'], value: 'BatchSize' }] as const;
/** An organisation that orders and takes part has its definition twice, and both must be the same. */
const NORTH = ['Application', 'Orderer'].map((group) => ({ groups: [group, 'NorthMSP'], value: 'MSP' }));

const admins = (target: Target): Promise<Session[]> =>
  Promise.all(ORGANISATIONS.map((as) => openSession(target, { as, kind: 'admin' })));

/** A greater number of messages per block than now. */
function moreMessages(bytes: Uint8Array): Uint8Array {
  const size = orderer.BatchSize.deserializeBinary(bytes);
  size.setMaxMessageCount(size.getMaxMessageCount() + 1);
  return size.serializeBinary();
}

/** The MSP definition with one more revocation list. */
const revoking = (list: Uint8Array) => (bytes: Uint8Array) => {
  const outer = msp.MSPConfig.deserializeBinary(bytes);
  const inner = msp.FabricMSPConfig.deserializeBinary(outer.getConfig_asU8());
  inner.setRevocationListList([list]);
  outer.setConfig(inner.serializeBinary());
  return outer.serializeBinary();
};

export const configurationCases: readonly Case[] = [
  {
    name: 'an update that the majority of administrators signed is a block of its own and in force',
    source,
    run: async (target) => {
      const session = await openSession(target);
      const [north, south] = await admins(target);
      assert.ok(north !== undefined && south !== undefined);
      const before = await readConfig(session);
      const update = await updateOf(session, BATCH_SIZE, moreMessages);
      const number = await applyUpdate(target, north, update, [north, south]);
      const block = await readBlock(session, number);
      assert.deepEqual(
        transactionsOf(block).map(({ type, code }) => [type, code]),
        [[common.HeaderType.CONFIG, CODE.VALID]],
      );
      const after = await readConfig(session);
      assert.equal(after.getSequence(), before.getSequence() + 1);
      assert.equal((await session.submit([['put', freshKey('configured'), '1']])).status.code, CODE.VALID);
    },
  },
  {
    name: 'an update that too few administrators signed is refused',
    source,
    run: async (target) => {
      const session = await openSession(target);
      const [north] = await admins(target);
      assert.ok(north !== undefined);
      const update = await updateOf(session, BATCH_SIZE, moreMessages);
      await assert.rejects(submitUpdate(target, north, update, [north]), /FORBIDDEN|BAD_REQUEST|quorum/);
      await assert.rejects(submitUpdate(target, session, update, [session]), /FORBIDDEN|BAD_REQUEST|quorum/);
    },
  },
  {
    name: 'an update of a configuration that has changed since is refused',
    source,
    run: async (target) => {
      const session = await openSession(target);
      const [north, south] = await admins(target);
      assert.ok(north !== undefined && south !== undefined);
      const stale = await updateOf(session, BATCH_SIZE, moreMessages);
      await applyUpdate(target, north, await updateOf(session, BATCH_SIZE, moreMessages), [north, south]);
      await assert.rejects(submitUpdate(target, north, stale, [north, south]), /BAD_REQUEST|quorum/);
    },
  },
  {
    name: 'a revoked certificate is refused from the configuration block on, and what it wrote stays valid',
    source: '§3 CRL; validation uses the configuration at that block',
    run: async (target) => {
      const session = await openSession(target);
      const revoked = await openSession(target, { kind: 'revoked' });
      const [north] = await admins(target);
      assert.ok(north !== undefined);
      const key = freshKey('revoked');
      const { status } = await revoked.commit([['put', key, '1']]);
      const late = await revoked.endorse([['put', key, '2']]);
      const list = await target.revocationList('NorthMSP', [revoked.signing.certificate]);
      await applyUpdate(target, north, await updateOf(session, NORTH, revoking(list)), [north]);
      await refused(revoked.evaluate([['get', key]]), { code: 'FAILED_PRECONDITION', text: /access denied/ });
      await refused(revoked.endorse([['get', key]]), { code: 'ABORTED', text: /access denied/ });
      await refused(outcomeOf(late), byOrderers(/FORBIDDEN/));
      await assert.rejects(readBlock(revoked, 0n), /FORBIDDEN|403/);
      assert.deepEqual(await session.evaluate([['get', key]]), ['1']);
      const block = await readBlock(session, status.blockNumber);
      assert.ok(
        transactionsOf(block).some(({ txId, code }) => txId === status.transactionId && code === CODE.VALID),
      );
    },
  },
  {
    name: 'a peer that comes late judges a transaction by the configuration of its block, not by today’s',
    source: '§3 CRL; validation uses the configuration at that block',
    run: async (target) => {
      const session = await openSession(target);
      const [north] = await admins(target);
      assert.ok(north !== undefined);
      const leaving = await openSession(target, { kind: 'leaving' });
      const key = freshKey('leaving');
      await target.stopPeer('SouthMSP');
      try {
        const { status } = await leaving.submit([['put', key, '1']], {
          endorsers: ['NorthMSP', 'AuthorityMSP'],
        });
        const list = await target.revocationList('NorthMSP', [leaving.signing.certificate]);
        await applyUpdate(target, north, await updateOf(session, NORTH, revoking(list)), [north]);
        await target.startPeer('SouthMSP');
        const south = await openSession(target, { as: 'SouthMSP' });
        await askFor(south, status.transactionId).getStatus();
        const block = await readBlock(south, status.blockNumber);
        assert.deepEqual(codesOf(block, status.transactionId), [CODE.VALID]);
        assert.deepEqual(await south.evaluate([['get', key]]), ['1']);
      } finally {
        await target.startPeer('SouthMSP');
      }
    },
  },
];
