import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { msp } from '@hyperledger/fabric-protos';
import { CODE, codesOf, numberOf, readBlock } from '../blocks.ts';
import type { Case } from '../case.ts';
import { broadcast, forge } from '../forged.ts';
import { EXPIRING_MS } from '../identities.ts';
import { askFor } from '../raw.ts';
import { freshKey, openSession } from '../session.ts';
import type { Session } from '../session.ts';
import { take } from '../take.ts';

const source = '§3 expiry at endorser, orderer and deliver but not in validation';

const serialized = ({ signing }: Session): Uint8Array => {
  const identity = new msp.SerializedIdentity();
  identity.setMspid(signing.identity.mspId);
  identity.setIdBytes(signing.identity.credentials);
  return identity.serializeBinary();
};

/** Until the certificate of an `expiring` identity that was made after `begun` is past its date, to the second. */
const expiry = (begun: number) => delay(Math.max(0, begun + EXPIRING_MS + 1_000 - Date.now()));

export const expiryCases: readonly Case[] = [
  {
    name: 'a transaction of an expired certificate is refused by the orderers',
    source,
    run: async (target) => {
      const session = await openSession(target);
      const expired = await openSession(target, { kind: 'expired' });
      const endorsed = await session.endorse([['put', freshKey('expired'), '1']]);
      const envelope = await forge(expired, endorsed, ({ signature, channel }) => {
        signature.setCreator(serialized(expired));
        const id = createHash('sha256').update(signature.getNonce_asU8()).update(serialized(expired));
        channel.setTxId(id.digest('hex'));
      });
      await assert.rejects(
        broadcast(target, 'NorthMSP', session.network.getName(), envelope),
        /identity expired|quorum/,
      );
    },
  },
  {
    name: 'what a certificate wrote that has expired since is VALID to a peer that validates it later, and its stream ends',
    source,
    run: async (target) => {
      const session = await openSession(target);
      const expiring = await openSession(target, { kind: 'expiring' });
      const begun = Date.now();
      await target.stopPeer('SouthMSP');
      try {
        const key = freshKey('expiring');
        const { status } = await expiring.submit([['put', key, '1']], {
          endorsers: ['NorthMSP', 'AuthorityMSP'],
        });
        assert.equal(status.code, CODE.VALID);
        const stream = await expiring.network.getBlockEvents({ startBlock: status.blockNumber });
        const streamed = take(stream, (block) => numberOf(block) > status.blockNumber);
        await expiry(begun);
        await session.submit([['put', freshKey('after'), '1']], { endorsers: ['NorthMSP', 'AuthorityMSP'] });
        await assert.rejects(streamed, /FORBIDDEN|403|expired/);
        await target.startPeer('SouthMSP');
        const south = await openSession(target, { as: 'SouthMSP' });
        await askFor(south, status.transactionId).getStatus();
        assert.deepEqual(codesOf(await readBlock(south, status.blockNumber), status.transactionId), [
          CODE.VALID,
        ]);
        assert.deepEqual(await south.evaluate([['get', key]]), ['1']);
      } finally {
        await target.startPeer('SouthMSP');
      }
    },
  },
];
