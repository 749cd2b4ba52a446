import assert from 'node:assert/strict';
import { common, ledger, peer } from '@hyperledger/fabric-protos';
import { CODE } from '../blocks.ts';
import type { Case } from '../case.ts';
import { codeFor, codeName, forge } from '../forged.ts';
import type { Parts } from '../forged.ts';
import { freshKey, openSession } from '../session.ts';
import { CONTRACTS } from '../target.ts';

const source = '§3 validation codes; duplicate namespaces refused; key and name validation';
const NO_MESSAGE = new Uint8Array([7]);

/** A transaction that its creator signed although no honest client makes it; orderers let it pass. */
const malformed = (what: string, code: number, change: (parts: Parts) => void): Case => ({
  name: `a transaction with ${what} is ${codeName(code)}`,
  source,
  run: async (target) => {
    const session = await openSession(target);
    const key = freshKey('malformed');
    const endorsed = await session.endorse([
      ['put', key, '1'],
      ['event', 'name', ''],
    ]);
    const was = await codeFor(target, session, await forge(session, endorsed, change));
    assert.equal(codeName(was), codeName(code));
    if (code !== CODE.VALID) assert.deepEqual(await session.evaluate([['get', key]]), [null]);
  },
});

/** A set that writes one key of another namespace. */
function writesOf(namespace: string): ledger.rwset.NsReadWriteSet {
  const write = new ledger.rwset.kvrwset.KVWrite();
  write.setKey('key');
  write.setValue(Buffer.from('value'));
  const set = new ledger.rwset.kvrwset.KVRWSet();
  set.addWrites(write);
  const named = new ledger.rwset.NsReadWriteSet();
  named.setNamespace(namespace);
  named.setRwset(set.serializeBinary());
  return named;
}

const HEADERS: readonly Case[] = [
  malformed('an epoch', CODE.BAD_COMMON_HEADER, ({ channel }) => channel.setEpoch(1)),
  malformed('no nonce', CODE.BAD_COMMON_HEADER, ({ signature }) => signature.setNonce('')),
  malformed('another transaction id', CODE.BAD_PROPOSAL_TXID, ({ channel }) =>
    channel.setTxId('0'.repeat(64)),
  ),
  malformed('no transaction id', CODE.BAD_PROPOSAL_TXID, ({ channel }) => channel.setTxId('')),
  malformed('an extension that is no message', CODE.BAD_HEADER_EXTENSION, ({ channel }) =>
    channel.setExtension$(NO_MESSAGE),
  ),
  malformed('no contract in its header', CODE.INVALID_OTHER_REASON, ({ extension }) =>
    extension.clearChaincodeId(),
  ),
  malformed('an empty contract name', CODE.INVALID_CHAINCODE, ({ extension, action }) => {
    extension.getChaincodeId()?.setName('');
    action.getChaincodeId()?.setName('');
  }),
  malformed('a contract that is not defined', CODE.INVALID_CHAINCODE, ({ extension, action, results }) => {
    extension.getChaincodeId()?.setName('nothing');
    action.getChaincodeId()?.setName('nothing');
    action.setEvents(new Uint8Array());
    results.setNsRwsetList([]);
  }),
];

const ACTIONS: readonly Case[] = [
  malformed('data that is no message', CODE.INVALID_ENDORSER_TRANSACTION, ({ instead }) => {
    instead.data = NO_MESSAGE;
  }),
  malformed('no data', CODE.INVALID_ENDORSER_TRANSACTION, ({ instead }) => {
    instead.data = new Uint8Array();
  }),
  malformed('two actions', CODE.INVALID_ENDORSER_TRANSACTION, ({ transaction }) => {
    transaction.getActionsList().push(new peer.TransactionAction());
  }),
  malformed('an action without a nonce', CODE.INVALID_ENDORSER_TRANSACTION, ({ transaction }) => {
    transaction.getActionsList()[0]?.setHeader(new common.SignatureHeader().serializeBinary());
  }),
  malformed('an action that is no message', CODE.BAD_RESPONSE_PAYLOAD, ({ instead }) => {
    instead.action = NO_MESSAGE;
  }),
  malformed('no contract in its action', CODE.INVALID_OTHER_REASON, ({ action }) =>
    action.clearChaincodeId(),
  ),
  malformed('an empty contract version', CODE.INVALID_CHAINCODE, ({ action }) =>
    action.getChaincodeId()?.setVersion(''),
  ),
  malformed('an event that is no message', CODE.INVALID_OTHER_REASON, ({ action }) =>
    action.setEvents(NO_MESSAGE),
  ),
  malformed('an event of another contract', CODE.INVALID_OTHER_REASON, ({ action }) => {
    const event = new peer.ChaincodeEvent();
    event.setChaincodeId(CONTRACTS.strict);
    action.setEvents(event.serializeBinary());
  }),
];

const RESULTS: readonly Case[] = [
  malformed('results that are no message', CODE.BAD_RWSET, ({ instead }) => {
    instead.results = NO_MESSAGE;
  }),
  malformed('one namespace twice', CODE.ILLEGAL_WRITESET, ({ results }) => {
    const [first] = results.getNsRwsetList();
    if (first !== undefined) results.addNsRwset(first.clone());
  }),
  malformed(
    'forged writes in the namespace of definitions',
    CODE.ENDORSEMENT_POLICY_FAILURE,
    ({ results }) => {
      const read = results.getNsRwsetList().find((each) => each.getNamespace() === '_lifecycle');
      read?.setRwset(writesOf('_lifecycle').getRwset_asU8());
    },
  ),
  malformed('results that its endorsers did not sign', CODE.ENDORSEMENT_POLICY_FAILURE, ({ results }) => {
    results.getNsRwsetList()[0]?.setRwset(writesOf(CONTRACTS.basic).getRwset_asU8());
  }),
];

const ENDORSEMENTS: readonly Case[] = [
  malformed(
    'an endorsement by an identity that cannot be read, besides enough others',
    CODE.VALID,
    ({ endorsed }) => {
      const endorsement = new peer.Endorsement();
      endorsement.setEndorser(NO_MESSAGE);
      endorsement.setSignature(NO_MESSAGE);
      endorsed.addEndorsements(endorsement);
    },
  ),
  malformed('nothing changed', CODE.VALID, () => undefined),
];

/** Raft's orderers look at no type, and peers give it a code; orderers that refuse it are safe too. */
const messageType: Case = {
  name: 'a transaction with a type that is no transaction’s is refused or BAD_COMMON_HEADER',
  source,
  run: async (target) => {
    const session = await openSession(target);
    const endorsed = await session.endorse([['put', freshKey('type'), '1']]);
    const envelope = await forge(session, endorsed, ({ channel }) =>
      channel.setType(common.HeaderType.MESSAGE),
    );
    const outcome = await codeFor(target, session, envelope).then(codeName, (error: Error) => error.message);
    assert.match(outcome, /^BAD_COMMON_HEADER$|BAD_REQUEST|quorum/);
  },
};

export const malformedCases: readonly Case[] = [
  messageType,
  ...HEADERS,
  ...ACTIONS,
  ...RESULTS,
  ...ENDORSEMENTS,
];
