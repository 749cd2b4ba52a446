import { sha256, toHex, utf8 } from '@healthchain/core';
import { peer } from '@hyperledger/fabric-protos';
import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { ChannelConfig } from '../config/index.ts';
import { applicationPolicy, channelPolicyReference } from '../policy/index.ts';
import { compareKeys } from '../rwset/index.ts';
import { consortium } from '../testing/consortium.ts';
import {
  approvalPreimages,
  implicitCollection,
  invokeLifecycle,
  readDefinition,
  type LifecycleAnswer,
  type LifecycleStub,
} from './index.ts';

const { lifecycle } = peer;
const POLICY = applicationPolicy("OutOf(2,'NorthMSP.peer','SouthMSP.peer')");

let config: ChannelConfig;
let state: Map<string, Uint8Array>;
let approvals: Map<string, Uint8Array>;

beforeAll(async () => {
  ({ config } = await consortium());
});

beforeEach(() => {
  state = new Map();
  approvals = new Map();
});

/** A simulator over the two maps: writes come through after the invocation, as a committed transaction's do. */
async function invoke(
  mspId: string,
  name: string,
  argument: Uint8Array,
): Promise<LifecycleAnswer & { written: string[] }> {
  const writes: (() => void)[] = [];
  const written: string[] = [];
  const range = (map: ReadonlyMap<string, Uint8Array>, prefix: string, start: string, end: string) =>
    [...map]
      .filter(([key]) => key.startsWith(prefix))
      .map(([key, value]) => ({ key: key.slice(prefix.length), value }))
      .filter(({ key }) => compareKeys(key, start) >= 0 && compareKeys(key, end) < 0)
      .toSorted((a, b) => compareKeys(a.key, b.key));
  const put = (map: Map<string, Uint8Array>, key: string, value: Uint8Array): void => {
    written.push(key);
    writes.push(() => map.set(key, value));
  };
  const stub: LifecycleStub = {
    getState: (key) => state.get(key),
    putState: (key, value) => put(state, key, value),
    getStateRange: (start, end) => range(state, '', start, end),
    getPrivateHash: (collection, key) => {
      const value = approvals.get(`${collection}/${key}`);
      return value === undefined ? undefined : sha256(value);
    },
    getPrivate: (collection, key) => approvals.get(`${collection}/${key}`),
    getPrivateRange: (collection, start, end) => range(approvals, `${collection}/`, start, end),
    putPrivate: (collection, key, value) => put(approvals, `${collection}/${key}`, value),
  };
  const answer = await invokeLifecycle({ mspId, config }, stub, [utf8(name), argument]);
  if (answer.status === 200) for (const write of writes) write();
  return { ...answer, written };
}

interface Wanted {
  readonly name?: string;
  readonly version?: string;
  readonly sequence?: number;
  readonly policy?: Uint8Array;
  readonly packageId?: string;
  readonly collections?: boolean;
  readonly plugin?: string;
}

function fill<
  Message extends
    | InstanceType<typeof lifecycle.CommitChaincodeDefinitionArgs>
    | InstanceType<typeof lifecycle.ApproveChaincodeDefinitionForMyOrgArgs>,
>(message: Message, wanted: Wanted): Message {
  message.setName(wanted.name ?? 'basic');
  message.setVersion(wanted.version ?? '1.0');
  message.setSequence(wanted.sequence ?? 1);
  message.setValidationParameter(wanted.policy ?? POLICY);
  message.setValidationPlugin(wanted.plugin ?? '');
  if (wanted.collections === true) {
    const collections = new peer.CollectionConfigPackage();
    collections.addConfig(new peer.CollectionConfig());
    message.setCollections(collections);
  }
  return message;
}

function approveArgument(wanted: Wanted = {}): Uint8Array {
  const message = fill(new lifecycle.ApproveChaincodeDefinitionForMyOrgArgs(), wanted);
  if (wanted.packageId !== undefined) {
    const source = new lifecycle.ChaincodeSource();
    const local = new lifecycle.ChaincodeSource.Local();
    local.setPackageId(wanted.packageId);
    source.setLocalPackage(local);
    message.setSource(source);
  }
  return message.serializeBinary();
}

const approve = (mspId: string, wanted: Wanted = {}) =>
  invoke(mspId, 'ApproveChaincodeDefinitionForMyOrg', approveArgument(wanted));
const definitionArgument = (wanted: Wanted = {}) =>
  fill(new lifecycle.CommitChaincodeDefinitionArgs(), wanted).serializeBinary();
const commit = (mspId: string, wanted: Wanted = {}) =>
  invoke(mspId, 'CommitChaincodeDefinition', definitionArgument(wanted));

async function readiness(wanted: Wanted = {}) {
  const answer = await invoke('NorthMSP', 'CheckCommitReadiness', definitionArgument(wanted));
  const result = lifecycle.CheckCommitReadinessResult.deserializeBinary(answer.payload);
  return {
    approved: [...result.getApprovalsMap().entries()]
      .filter(([, approved]) => approved)
      .map(([mspId]) => mspId)
      .toSorted(),
    mismatches: Object.fromEntries(
      [...result.getMismatchesMap().entries()].map(([mspId, items]) => [mspId, items.getItemsList()]),
    ),
  };
}

describe('a chaincode', () => {
  test('is approved by each organisation and committed under Fabric’s keys', async () => {
    const first = await approve('NorthMSP', { packageId: 'basic_1:ab' });
    expect(first.status).toBe(200);
    expect(first.written).toEqual(
      [
        'namespaces/metadata/basic#1',
        'namespaces/fields/basic#1/EndorsementInfo',
        'namespaces/fields/basic#1/ValidationInfo',
        'namespaces/fields/basic#1/Collections',
        'chaincode-sources/metadata/basic#1',
        'chaincode-sources/fields/basic#1/PackageID',
      ].map((key) => `_implicit_org_NorthMSP/${key}`),
    );
    expect(await readiness()).toEqual({
      approved: ['NorthMSP'],
      mismatches: { SouthMSP: ['ChaincodeParameters'], AuthorityMSP: ['ChaincodeParameters'] },
    });
    await approve('SouthMSP');
    expect((await commit('AuthorityMSP')).message).toContain('not agreed to by this org');
    const committed = await commit('NorthMSP');
    expect(committed.status).toBe(200);
    expect(committed.written).toEqual([
      'namespaces/metadata/basic',
      'namespaces/fields/basic/Sequence',
      'namespaces/fields/basic/EndorsementInfo',
      'namespaces/fields/basic/ValidationInfo',
      'namespaces/fields/basic/Collections',
    ]);
    expect(toHex(state.get('namespaces/fields/basic/Sequence') ?? new Uint8Array())).toBe('0801');
    expect(readDefinition((key) => state.get(key), 'basic')).toMatchObject({
      name: 'basic',
      sequence: 1n,
      version: '1.0',
      validationPlugin: 'vscc',
      validationParameter: POLICY,
    });
  });

  test('is upgraded by the next sequence, and only what changed is written', async () => {
    for (const mspId of ['NorthMSP', 'SouthMSP']) await approve(mspId);
    await commit('NorthMSP');
    await approve('NorthMSP', { sequence: 2, version: '2.0' });
    const committed = await commit('NorthMSP', { sequence: 2, version: '2.0' });
    expect(committed.written).toEqual([
      'namespaces/fields/basic/Sequence',
      'namespaces/fields/basic/EndorsementInfo',
    ]);
  });

  test('without a policy of its own is under the channel’s', async () => {
    await approve('NorthMSP', { policy: new Uint8Array() });
    await commit('NorthMSP', { policy: new Uint8Array() });
    expect(readDefinition((key) => state.get(key), 'basic')?.validationParameter).toEqual(
      channelPolicyReference('/Channel/Application/Endorsement'),
    );
  });

  test('that was approved otherwise is not ready, and says where it differs', async () => {
    await approve('NorthMSP', { version: '1.1' });
    expect((await readiness()).mismatches).toMatchObject({ NorthMSP: ['EndorsementInfo'] });
  });
});

describe('definitions that are refused', () => {
  test.each<[string, Wanted, string]>([
    ['with private data collections', { collections: true }, 'private data collections are not supported'],
    ['with a plugin of its own', { plugin: 'mine' }, 'plugins'],
    ['with a bad name', { name: 'no spaces' }, 'invalid chaincode name'],
    ['with the name of a system chaincode', { name: 'lscc' }, 'system chaincode'],
    ['with a bad version', { version: 'a b' }, 'invalid chaincode version'],
    ['with sequence 0', { sequence: 0 }, 'first definable sequence number is 1'],
    ['ahead of their turn', { sequence: 2 }, 'larger than the next available sequence number 1'],
  ])('%s', async (_name, wanted, message) => {
    const answer = await approve('NorthMSP', wanted);
    expect(answer).toMatchObject({ status: 500, message: expect.stringContaining(message) as string });
    expect((await commit('NorthMSP', wanted)).status).toBe(500);
  });

  test('approved twice alike', async () => {
    await approve('NorthMSP', { packageId: 'p' });
    expect((await approve('NorthMSP', { packageId: 'p' })).message).toContain('unchanged content');
    const repackaged = await approve('NorthMSP', { packageId: 'q' });
    expect(repackaged.written).toEqual(['_implicit_org_NorthMSP/chaincode-sources/fields/basic#1/PackageID']);
  });

  test('after the commit with other content', async () => {
    await approve('NorthMSP');
    await commit('NorthMSP');
    expect((await approve('SouthMSP', { version: '9' })).message).toContain('with different parameters');
    expect((await approve('SouthMSP')).status).toBe(200);
    expect((await commit('NorthMSP')).message).toContain('new definition must be sequence 2');
  });
});

describe('queries', () => {
  const named = (
    Message: new () => { setName(value: string): void; serializeBinary(): Uint8Array },
    name: string,
  ) => {
    const message = new Message();
    message.setName(name);
    return message.serializeBinary();
  };

  test('of a definition, with who approved it', async () => {
    expect(
      await invoke(
        'NorthMSP',
        'QueryChaincodeDefinition',
        named(lifecycle.QueryChaincodeDefinitionArgs, 'basic'),
      ),
    ).toMatchObject({
      status: 404,
      message: 'namespace basic is not defined',
    });
    await approve('NorthMSP');
    await commit('NorthMSP');
    const answer = await invoke(
      'SouthMSP',
      'QueryChaincodeDefinition',
      named(lifecycle.QueryChaincodeDefinitionArgs, 'basic'),
    );
    const result = lifecycle.QueryChaincodeDefinitionResult.deserializeBinary(answer.payload);
    expect(result.getSequence()).toBe(1);
    expect(result.getApprovalsMap().get('NorthMSP')).toBe(true);
    expect(result.getApprovalsMap().get('SouthMSP')).toBe(false);
  });

  test('of all definitions', async () => {
    for (const name of ['basic', 'another']) {
      await approve('NorthMSP', { name });
      await commit('NorthMSP', { name });
    }
    const answer = await invoke('NorthMSP', 'QueryChaincodeDefinitions', new Uint8Array());
    const names = lifecycle.QueryChaincodeDefinitionsResult.deserializeBinary(answer.payload)
      .getChaincodeDefinitionsList()
      .map((each) => each.getName());
    expect(names).toEqual(['another', 'basic']);
  });

  test('of the organisation’s own approvals', async () => {
    await approve('NorthMSP', { packageId: 'basic_1:ab' });
    const ask = async (mspId: string) =>
      invoke(
        mspId,
        'QueryApprovedChaincodeDefinition',
        named(lifecycle.QueryApprovedChaincodeDefinitionArgs, 'basic'),
      );
    const result = lifecycle.QueryApprovedChaincodeDefinitionResult.deserializeBinary(
      (await ask('NorthMSP')).payload,
    );
    expect(result.getSource()?.getLocalPackage()?.getPackageId()).toBe('basic_1:ab');
    expect((await ask('SouthMSP')).message).toContain('could not fetch approved');
    const all = await invoke('NorthMSP', 'QueryApprovedChaincodeDefinitions', new Uint8Array());
    expect(
      lifecycle.QueryApprovedChaincodeDefinitionsResult.deserializeBinary(
        all.payload,
      ).getApprovedChaincodeDefinitionsList(),
    ).toHaveLength(1);
  });

  test('of what there is not', async () => {
    expect((await invoke('NorthMSP', 'InstallChaincode', new Uint8Array())).message).toContain(
      'no such function',
    );
    expect((await invoke('NorthMSP', 'constructor', new Uint8Array())).status).toBe(500);
  });
});

test('the arguments of an approval give the values that its hashes stand for', async () => {
  await approve('NorthMSP', { packageId: 'p' });
  const preimages = approvalPreimages([
    utf8('ApproveChaincodeDefinitionForMyOrg'),
    approveArgument({ packageId: 'p' }),
  ]);
  const collection = `${implicitCollection('NorthMSP')}/`;
  expect(new Map(preimages.map(({ key, value }) => [collection + key, toHex(value)]))).toEqual(
    new Map([...approvals].map(([key, value]) => [key, toHex(value)])),
  );
  expect(approvalPreimages([utf8('put'), utf8('a')])).toEqual([]);
  expect(approvalPreimages([utf8('ApproveChaincodeDefinitionForMyOrg'), utf8('junk')])).toEqual([]);
});
