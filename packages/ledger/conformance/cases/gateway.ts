import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { status } from '@grpc/grpc-js';
import { gateway as protos } from '@hyperledger/fabric-protos';
import type { Case } from '../case.ts';
import { refused } from '../expect.ts';
import { alterProposal, askFor } from '../raw.ts';
import { freshKey, openSession, outcomeOf, parse, submitAgain } from '../session.ts';
import { CHANNELS, CONTRACTS, ORGANISATIONS } from '../target.ts';
import type { Target } from '../target.ts';

const source = '§3 Evaluate, Endorse, Submit, CommitStatus, offline signing';
const details = '§3 status codes and grpc-status-details-bin of each endorser that failed';
/** Over gRPC the server's end of the call may overtake the client's own timer. */
const DEADLINE = ['DEADLINE_EXCEEDED', 'CANCELLED'] as const;
const CANCEL_AFTER_MS = 100;
const deadlines = '§3 deadlines and cancellation honoured';

export const gatewayCases: readonly Case[] = [
  {
    name: 'evaluate answers with the payload and writes nothing',
    source,
    run: async (target) => {
      const session = await openSession(target);
      const key = freshKey('evaluate');
      assert.deepEqual(await session.evaluate([['put', key, 'a'], ['channel']]), [null, 'care']);
      assert.deepEqual(await session.evaluate([['get', key]]), [null]);
    },
  },
  {
    name: 'submit commits on every peer and a session reads its own write',
    source,
    run: async (target) => {
      const session = await openSession(target);
      const key = freshKey('submit');
      const transaction = await session.endorse([['put', key, 'a']]);
      const submitted = await transaction.submit();
      const status = await submitted.getStatus();
      assert.equal(status.successful, true);
      assert.equal(status.transactionId, transaction.getTransactionId());
      assert.deepEqual(await session.evaluate([['get', key]]), ['a']);
      for (const at of ORGANISATIONS) {
        const elsewhere = await openSession(target, { at });
        const seen = await elsewhere.gateway.newCommit(submitted.getBytes()).getStatus();
        assert.equal(seen.blockNumber, status.blockNumber);
        assert.deepEqual(await elsewhere.evaluate([['get', key]]), ['a']);
      }
    },
  },
  {
    name: 'proposal, transaction and commit can be signed elsewhere',
    source,
    run: async (target) => {
      const session = await openSession(target);
      const { gateway, signing } = session;
      const key = freshKey('offline');
      const proposal = session.proposal([['put', key, 'a']]);
      const endorsed = await gateway
        .newSignedProposal(proposal.getBytes(), await signing.signer(proposal.getDigest()))
        .endorse();
      const transaction = gateway.newSignedTransaction(
        endorsed.getBytes(),
        await signing.signer(endorsed.getDigest()),
      );
      const commit = await transaction.submit();
      const signed = gateway.newSignedCommit(commit.getBytes(), await signing.signer(commit.getDigest()));
      assert.equal((await signed.getStatus()).successful, true);
    },
  },
  {
    name: 'the transaction id is the SHA-256 of nonce and creator',
    source: '§3 Endorse; creator, TxID',
    run: async (target) => {
      const session = await openSession(target);
      const proposal = session.proposal([['txId']]);
      assert.match(proposal.getTransactionId(), /^[0-9a-f]{64}$/);
      assert.deepEqual(parse(await proposal.evaluate()), [proposal.getTransactionId()]);
      alterProposal(session, proposal, ({ channel, signature }) => {
        const hash = createHash('sha256')
          .update(signature.getNonce_asU8())
          .update(signature.getCreator_asU8());
        assert.equal(hash.digest('hex'), channel.getTxId());
      });
    },
  },
  {
    name: 'a chaincode error on evaluate is named with its endorser',
    source: details,
    run: async (target) => {
      const session = await openSession(target);
      await refused(session.evaluate([['fail', 'NOT_FOUND: nothing']]), {
        code: 'UNKNOWN',
        text: /chaincode response 500, NOT_FOUND: nothing/,
        by: ['NorthMSP'],
      });
    },
  },
  {
    name: 'a chaincode error on endorse is named with its endorser',
    source: details,
    run: async (target) => {
      const session = await openSession(target);
      await refused(session.endorse([['fail', 'NOT_FOUND: nothing']]), {
        code: 'ABORTED',
        text: /chaincode response 500, NOT_FOUND: nothing/,
        by: ['NorthMSP'],
      });
    },
  },
  {
    name: 'a chaincode error on chosen endorsers names each of them',
    source: details,
    run: async (target) => {
      const session = await openSession(target);
      await refused(session.endorse([['fail', 'no']], { endorsers: ORGANISATIONS }), {
        code: 'ABORTED',
        text: /chaincode response 500, no/,
        by: ORGANISATIONS,
      });
    },
  },
  {
    name: 'endorsements that differ are refused by the gateway',
    source: '§3 Endorse',
    run: async (target) => {
      const session = await openSession(target);
      await refused(session.endorse([['putRandom', freshKey('random')]]), {
        code: 'ABORTED',
        text: /ProposalResponsePayloads do not match/,
      });
    },
  },
  {
    name: 'an unknown contract is refused',
    source: details,
    run: async (target) => {
      const session = await openSession(target, { contract: 'nothing' });
      await refused(session.evaluate([['txId']]), { code: 'FAILED_PRECONDITION', text: /nothing/ });
      await refused(session.endorse([['txId']]), { code: 'FAILED_PRECONDITION', text: /nothing/ });
    },
  },
  {
    name: 'an unknown channel is refused',
    source: details,
    run: async (target) => {
      const session = await openSession(target);
      const contract = session.gateway.getNetwork('nowhere').getContract(CONTRACTS.basic);
      await refused(contract.evaluateTransaction('run', '[]'), { code: 'UNAVAILABLE', text: /nowhere/ });
      await refused(contract.newProposal('run').endorse(), { code: 'FAILED_PRECONDITION', text: /nowhere/ });
    },
  },
  {
    name: 'a deadline ends a call that is still running',
    source: deadlines,
    run: async (target) => {
      const session = await openSession(target);
      const begun = performance.now();
      const call = session.proposal([['wait', 2_000]]).evaluate({ deadline: Date.now() + 200 });
      await refused(call, { code: DEADLINE, text: /./ });
      assert.ok(performance.now() - begun < 1_500);
    },
  },
  {
    name: 'a call that its client cancels ends at once',
    source: deadlines,
    run: async (target) => {
      const session = await openSession(target);
      const proposal = session.proposal([['wait', 2_000]]);
      const signature = await session.signing.signer(proposal.getDigest());
      const begun = performance.now();
      const code = await cancelled(target, signedRequest(proposal.getBytes(), signature));
      assert.equal(code, status.CANCELLED);
      assert.ok(performance.now() - begun < 1_500);
    },
  },
  {
    name: 'commit status of an unknown transaction waits until the deadline',
    source: deadlines,
    run: async (target) => {
      const session = await openSession(target);
      const commit = askFor(session, 'f'.repeat(64));
      await refused(commit.getStatus({ deadline: Date.now() + 300 }), {
        code: DEADLINE,
        text: /./,
      });
    },
  },
  {
    name: 'a query may be evaluated by a chosen organisation',
    source,
    run: async (target) => {
      const session = await openSession(target);
      assert.deepEqual(await session.evaluate([['channel']], { endorsers: ['SouthMSP'] }), ['care']);
    },
  },
  {
    name: 'one outcome is given for a transaction at every time it is asked for',
    source: '§1 the outcome of a transaction id is the code of its first occurrence',
    run: async (target) => {
      const session = await openSession(target);
      const transaction = await session.endorse([['put', freshKey('again'), 'a']]);
      const { status } = await outcomeOf(transaction);
      const again = await submitAgain(session, transaction);
      assert.deepEqual([again.code, again.blockNumber], [status.code, status.blockNumber]);
    },
  },
];

function signedRequest(proposed: Uint8Array, signature: Uint8Array): protos.EvaluateRequest {
  const original = protos.ProposedTransaction.deserializeBinary(proposed);
  const signed = original.getProposal();
  signed?.setSignature(signature);
  const request = new protos.EvaluateRequest();
  request.setTransactionId(original.getTransactionId());
  request.setChannelId(CHANNELS.main);
  request.setProposedTransaction(signed);
  return request;
}

/** The status with which an evaluate ends that is cancelled soon after it began. */
function cancelled(target: Target, request: protos.EvaluateRequest): Promise<number | undefined> {
  return new Promise((resolve) => {
    const call = target.client('NorthMSP').makeUnaryRequest(
      '/gateway.Gateway/Evaluate',
      (message: protos.EvaluateRequest) => Buffer.from(message.serializeBinary()),
      (bytes: Buffer) => protos.EvaluateResponse.deserializeBinary(bytes),
      request,
      { deadline: Date.now() + 10_000 },
      (error) => resolve(error?.code),
    );
    setTimeout(() => call.cancel(), CANCEL_AFTER_MS);
  });
}
