import assert from 'node:assert/strict';
import { GatewayError } from '@hyperledger/fabric-gateway';
import { CODE } from '../blocks.ts';
import type { Case } from '../case.ts';
import { askFor } from '../raw.ts';
import { freshKey, openSession } from '../session.ts';
import type { Session } from '../session.ts';
import type { MspId } from '../target.ts';

/** Without the organisation's peer the other two are enough, and it has everything again once it is back. */
const peerStops = (mspId: MspId): Case => ({
  name: `with the peer of ${mspId} stopped writes go on, and it catches up`,
  source: '§1 promises; §3 Endorse',
  run: async (target) => {
    const session = await openSession(target);
    await target.stopPeer(mspId);
    try {
      const key = freshKey('stopped');
      const { status } = await session.submit([['put', key, '1']], {
        endorsers: ['NorthMSP', 'AuthorityMSP'],
      });
      assert.equal(status.code, CODE.VALID);
      await target.startPeer(mspId);
      const back = await openSession(target, { as: mspId });
      assert.equal((await askFor(back, status.transactionId).getStatus()).blockNumber, status.blockNumber);
      assert.deepEqual(await back.evaluate([['get', key]]), ['1']);
    } finally {
      await target.startPeer(mspId);
    }
  },
});

export const faultCases: readonly Case[] = [
  peerStops('SouthMSP'),
  {
    name: 'with one orderer of three stopped writes go on',
    source: '§4 crashes are tolerated',
    run: async (target) => {
      const session = await openSession(target);
      await target.stopOrderer('SouthMSP');
      try {
        await commitEventually(session);
      } finally {
        await target.startOrderer('SouthMSP');
      }
      await commitEventually(session);
    },
  },
];

const ATTEMPTS = 20;

/** Submits one signed transaction again until its outcome is known: the same id cannot apply twice. */
async function commitEventually(session: Session): Promise<void> {
  const transaction = await session.endorse([['put', freshKey('eventually'), '1']]);
  let last: unknown;
  for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
    try {
      const submitted = await transaction.submit();
      const status = await submitted.getStatus({ deadline: Date.now() + 2_000 });
      assert.equal(status.code, CODE.VALID);
      return;
    } catch (error) {
      if (!(error instanceof GatewayError)) throw error;
      last = error;
    }
  }
  throw last;
}
