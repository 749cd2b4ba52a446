import assert from 'node:assert/strict';
import { common, peer } from '@hyperledger/fabric-protos';
import { readBlock } from '../blocks.ts';
import type { Case } from '../case.ts';
import { applyUpdate, groupAt, updateBy } from '../configuration.ts';
import { commitDefinition, currentSequence, readiness } from '../definitions.ts';
import type { NextDefinition } from '../definitions.ts';
import { askFor } from '../raw.ts';
import { freshKey, openSession } from '../session.ts';
import type { Session } from '../session.ts';
import { take } from '../take.ts';
import { CHANNELS, CONTRACTS, MEMBERS } from '../target.ts';
import type { Target } from '../target.ts';

const channel = CHANNELS.side;
const source = '§3 channel ACLs (Readers, Writers, per method)';
/** How the several services say that a policy does not let somebody in. */
const DENIED =
  /access denied|PERMISSION_DENIED|FORBIDDEN|status response: 403|failed ACL check|implicit policy evaluation failed|signature set did not satisfy/;
const ONLY_NORTH_ADMINS = '/Channel/Application/NorthMSP/Admins';

const ask = (session: Session, contract: string, name: string, ...args: (string | Uint8Array)[]) =>
  session.network.getContract(contract).evaluate(name, { arguments: args });

/** What the calls below ask about: one committed transaction and the contract's next definition. */
interface Subject {
  readonly txId: string;
  readonly blockHash: Uint8Array;
  readonly next: NextDefinition;
}

/** One call of each method that a channel's ACL can guard; `peer/Propose` guards all others that propose, and comes last. */
const METHODS: Readonly<Record<string, (session: Session, subject: Subject) => Promise<unknown>>> = {
  'qscc/GetChainInfo': (session) => ask(session, 'qscc', 'GetChainInfo', channel),
  'qscc/GetBlockByNumber': (session) => ask(session, 'qscc', 'GetBlockByNumber', channel, '0'),
  'qscc/GetBlockByHash': (session, { blockHash }) =>
    ask(session, 'qscc', 'GetBlockByHash', channel, blockHash),
  'qscc/GetTransactionByID': (session, { txId }) => ask(session, 'qscc', 'GetTransactionByID', channel, txId),
  'qscc/GetBlockByTxID': (session, { txId }) => ask(session, 'qscc', 'GetBlockByTxID', channel, txId),
  'cscc/GetConfigBlock': (session) => ask(session, 'cscc', 'GetConfigBlock', channel),
  'cscc/GetChannelConfig': (session) => ask(session, 'cscc', 'GetChannelConfig', channel),
  'event/Block': (session) => readBlock(session, 0n),
  'event/FilteredBlock': async (session) =>
    take(await session.network.getFilteredBlockEvents({ startBlock: 0n }), () => true),
  'gateway/CommitStatus': (session, { txId }) => askFor(session, txId).getStatus(),
  'gateway/ChaincodeEvents': async (session) =>
    take(await session.network.getChaincodeEvents(CONTRACTS.basic, { startBlock: 0n }), () => true),
  '_lifecycle/QueryChaincodeDefinition': (session) => currentSequence(session),
  '_lifecycle/QueryChaincodeDefinitions': (session) =>
    ask(
      session,
      '_lifecycle',
      'QueryChaincodeDefinitions',
      new peer.lifecycle.QueryChaincodeDefinitionsArgs().serializeBinary(),
    ),
  '_lifecycle/CheckCommitReadiness': (session, { next }) => readiness(session, next),
  '_lifecycle/CommitChaincodeDefinition': async (session, { next }) => {
    // Who is let in learns that nobody has approved it.
    await assert.rejects(commitDefinition(session, next, MEMBERS.side), (error: Error) => {
      if (/not agreed to/.test(textOf(error))) return true;
      throw error;
    });
  },
  'peer/ChaincodeToChaincode': ({ gateway }) => {
    const caller = gateway.getNetwork(CHANNELS.main).getContract(CONTRACTS.basic);
    const script = [['call', CONTRACTS.basic, [['channel']], channel]];
    return caller.evaluate('run', { arguments: [JSON.stringify(script)] });
  },
  'peer/Propose': (session) => session.evaluate([['channel']]),
};

/** The channel's configuration with these methods for the first organisation's administrators alone. */
const guarding = (methods: readonly string[]) => (bytes: Uint8Array) => {
  const config = common.Config.deserializeBinary(bytes);
  const values = groupAt(config, 'Application').getValuesMap();
  values.del('ACLs');
  if (methods.length === 0) return config.serializeBinary();
  const acls = new peer.ACLs();
  for (const method of methods) {
    const resource = new peer.APIResource();
    resource.setPolicyRef(ONLY_NORTH_ADMINS);
    acls.getAclsMap().set(method, resource);
  }
  const value = new common.ConfigValue();
  value.setModPolicy('Admins');
  value.setValue(acls.serializeBinary());
  values.set('ACLs', value);
  return config.serializeBinary();
};

async function subjectOf(session: Session): Promise<Subject> {
  const { status } = await session.commit([
    ['put', freshKey('acl'), '1'],
    ['event', 'acl', ''],
  ]);
  const info = common.BlockchainInfo.deserializeBinary(await ask(session, 'qscc', 'GetChainInfo', channel));
  const sequence = (await currentSequence(session)) + 1;
  const next = { name: CONTRACTS.basic, version: `acl.${sequence}`, sequence, policy: new Uint8Array() };
  return { txId: status.transactionId, blockHash: info.getCurrentblockhash_asU8(), next };
}

async function obeyed(methods: readonly string[], target: Target, subject: Subject): Promise<void> {
  const client = await openSession(target, { channel });
  const admin = await openSession(target, { kind: 'admin', channel });
  for (const method of methods) {
    const call = METHODS[method];
    assert.ok(call !== undefined);
    const answer = await call(client, subject).then(() => 'was let in', textOf);
    assert.match(answer, DENIED, `${method}: a client ${answer}`);
    await call(admin, subject).catch((error: unknown) =>
      assert.fail(`${method}: an administrator got ${textOf(error)}`),
    );
  }
}

/** Message, status and details of whatever a call of the gateway fails with. */
function textOf(error: unknown): string {
  const { message, details = [], cause } = error as Error & { details?: readonly { message: string }[] };
  return [message, ...details.map((each) => each.message), cause instanceof Error ? cause.message : ''].join(
    ' ',
  );
}

export const aclCases: readonly Case[] = [
  {
    name: 'each method obeys the policy that the channel’s ACLs give it',
    source,
    run: async (target) => {
      const admins = await Promise.all(
        MEMBERS.side.map((as) => openSession(target, { as, kind: 'admin', channel })),
      );
      const [north] = admins;
      assert.ok(north !== undefined);
      const change = async (methods: readonly string[]) =>
        applyUpdate(target, north, await updateBy(north, guarding(methods)), admins);
      const subject = await subjectOf(await openSession(target, { channel }));
      const others = Object.keys(METHODS).filter((method) => method !== 'peer/Propose');
      await change(others);
      try {
        await obeyed(others, target, subject);
        await change(['peer/Propose']);
        await obeyed(['peer/Propose'], target, subject);
      } finally {
        await change([]);
      }
    },
  },
];
