import { concat, utf8 } from '@healthchain/core';
import { beforeAll, describe, expect, test } from 'vitest';
import {
  computeConfigUpdate,
  configEdits,
  configOf,
  encodePair,
  HEADER_TYPE,
  proposeConfigUpdate,
  signConfigUpdate,
} from '../config/index.ts';
import { createVerifier } from '../crypto/index.ts';
import { parsePolicy } from '../policy/index.ts';
import { RangeReads, type ReadWriteSetBuilder } from '../rwset/index.ts';
import {
  configEnvelope,
  consortium,
  definitionOf,
  member,
  sets,
  transaction,
  type Consortium,
  type Member,
  type Organisation,
} from '../testing/consortium.ts';
import { ReplayState } from '../verify/replay-state.ts';
import {
  checkWellFormed,
  parseTransaction,
  validateBlock,
  validateGenesis,
  ValidationCode as Code,
  type BlockValidation,
} from './index.ts';

const version = (block: number, transaction = 0) => ({
  block: BigInt(block),
  transaction: BigInt(transaction),
});

let network: Consortium;
let north: Organisation;
let south: Organisation;
let authority: Organisation;
let peers: Member[];

beforeAll(async () => {
  network = await consortium();
  [north, south, authority] = network.organisations as [Organisation, Organisation, Organisation];
  peers = [north.peer, south.peer];
});

/** A ledger at height 1 with the chaincode `basic` of 2 of 3 peers, and the given keys in its namespace. */
function ledger(
  keys: Readonly<Record<string, string>> = {},
  metadata: Readonly<Record<string, Uint8Array>> = {},
) {
  const state = new ReplayState();
  state.apply(validateGenesis(network.genesis).updates);
  const put = (namespace: string, key: string, value: Uint8Array) =>
    state.apply([
      { namespace, key, value, metadata: metadata[key] ?? new Uint8Array(), version: version(1) },
    ]);
  for (const [key, value] of definitionOf("OutOf(2,'NorthMSP.peer','SouthMSP.peer','AuthorityMSP.peer')"))
    put('_lifecycle', key, value);
  for (const [key, value] of Object.entries(keys)) put('basic', key, utf8(value));
  const seen = new Set<string>();
  const validate = (
    envelopes: readonly Uint8Array[],
    more: { recordedCodes?: Uint8Array } = {},
  ): Promise<BlockValidation> =>
    validateBlock({
      number: 2n,
      transactions: envelopes.map(parseTransaction),
      config: network.config,
      state,
      hasTransaction: (txId) => seen.has(txId),
      previousCommitHash: new Uint8Array(32),
      verifier: createVerifier(),
      ...more,
    });
  return {
    validate,
    seen,
    codes: async (...envelopes: Uint8Array[]) => [...(await validate(envelopes)).codes],
  };
}

const writes = (
  fill: (builder: ReadWriteSetBuilder) => void,
  more: Partial<Parameters<typeof transaction>[0]> = {},
) => transaction({ creator: north.client, endorsers: peers, sets: sets(fill), ...more });
const put = (key: string, value = 'v', more = {}) =>
  writes((set) => set.addWrite('basic', key, utf8(value)), more);

describe('who may write', () => {
  test('two of the three peers endorse', async () => {
    const { validate } = ledger();
    const result = await validate([
      put('a'),
      put('b', 'v', { endorsers: [north.peer] }),
      put('c', 'v', { endorsers: [north.peer, north.peer] }),
    ]);
    expect([...result.codes]).toEqual([
      Code.VALID,
      Code.ENDORSEMENT_POLICY_FAILURE,
      Code.ENDORSEMENT_POLICY_FAILURE,
    ]);
    expect(result.updates).toMatchObject([
      { namespace: 'basic', key: 'a', value: utf8('v'), version: version(2, 0) },
    ]);
    expect(result.history).toEqual([{ namespace: 'basic', key: 'a', transaction: 0 }]);
    expect(result.commitHash).toHaveLength(32);
  });

  test('clients do not endorse, and a transaction that writes nothing needs endorsement, too', async () => {
    const { codes } = ledger();
    expect(
      await codes(
        put('a', 'v', { endorsers: [north.client, south.client] }),
        writes(() => undefined, { endorsers: [] }),
      ),
    ).toEqual([Code.ENDORSEMENT_POLICY_FAILURE, Code.ENDORSEMENT_POLICY_FAILURE]);
  });

  test('strangers, other channels and spoilt signatures are no creators', async () => {
    const { codes } = ledger();
    const stranger = await member(
      (await consortium(['NorthMSP'])).organisations[0]?.authority as never,
      'NorthMSP',
      'client',
    );
    const spoilt = put('a');
    spoilt[spoilt.length - 1] = (spoilt.at(-1) as number) ^ 1;
    expect(
      await codes(put('a', 'v', { creator: stranger }), put('a', 'v', { channel: 'other' }), spoilt),
    ).toEqual([Code.BAD_CREATOR_SIGNATURE, Code.BAD_CREATOR_SIGNATURE, Code.BAD_CREATOR_SIGNATURE]);
  });

  test('a namespace without a chaincode is refused, in whatever order its faults are found', async () => {
    const { validate, codes } = ledger();
    const elsewhere = writes((set) => {
      set.addWrite('basic', 'a', utf8('v'));
      set.addWrite('nowhere', 'a', utf8('v'));
    });
    expect(await codes(elsewhere)).toEqual([Code.INVALID_CHAINCODE]);
    const both = writes((set) => set.addWrite('nowhere', 'a', utf8('v')), { endorsers: [north.peer] });
    expect(await codes(both)).toEqual([Code.ENDORSEMENT_POLICY_FAILURE]);
    const recorded = await validate([both], { recordedCodes: Uint8Array.of(Code.INVALID_CHAINCODE) });
    expect([...recorded.codes]).toEqual([Code.INVALID_CHAINCODE]);
    const wishful = await validate([both], { recordedCodes: Uint8Array.of(Code.VALID) });
    expect([...wishful.codes]).toEqual([Code.ENDORSEMENT_POLICY_FAILURE]);
  });
});

describe('transaction ids', () => {
  test('an id is good for one transaction, on the chain and in the block', async () => {
    const { codes, seen } = ledger();
    const again = put('a');
    expect(await codes(again, again)).toEqual([Code.VALID, Code.DUPLICATE_TXID]);
    seen.add(parseTransaction(again).txId);
    expect(await codes(again)).toEqual([Code.DUPLICATE_TXID]);
  });

  test('an id is the hash of nonce and creator', async () => {
    expect(await ledger().codes(put('a', 'v', { txId: 'ab'.repeat(32) }))).toEqual([Code.BAD_PROPOSAL_TXID]);
  });
});

describe('reads', () => {
  const reads = (key: string, at: ReturnType<typeof version> | undefined, value = 'w') =>
    writes((set) => {
      set.addRead('basic', key, at);
      set.addWrite('basic', key, utf8(value));
    });

  test('of what the state has, and of what it has not', async () => {
    const { codes } = ledger({ a: '1' });
    expect(await codes(reads('a', version(1)))).toEqual([Code.VALID]);
    expect(await codes(reads('a', version(0)))).toEqual([Code.MVCC_READ_CONFLICT]);
    expect(await codes(reads('a', undefined))).toEqual([Code.MVCC_READ_CONFLICT]);
    expect(await codes(reads('b', undefined))).toEqual([Code.VALID]);
    expect(await codes(reads('b', version(1)))).toEqual([Code.MVCC_READ_CONFLICT]);
  });

  test('of two that read and write one key in a block the first is valid', async () => {
    const { codes } = ledger({ a: '1' });
    expect(await codes(reads('a', version(1)), reads('a', version(1)), put('a'))).toEqual([
      Code.VALID,
      Code.MVCC_READ_CONFLICT,
      Code.VALID,
    ]);
  });

  const ranged = (start: string, end: string, found: readonly string[], exhausted = true) =>
    writes((set) => {
      const results = new RangeReads();
      for (const key of found) results.add({ key, version: version(1) });
      set.addRangeQuery('basic', {
        startKey: start,
        endKey: end,
        iteratorExhausted: exhausted,
        reads: results.finish(),
      });
    });

  test('of a range: what came, went or changed in it is a phantom', async () => {
    const { codes } = ledger({ a: '1', b: '1', d: '1' });
    const query = ranged('a', 'd', ['a', 'b']);
    expect(await codes(query)).toEqual([Code.VALID]);
    expect(await codes(put('c'), query)).toEqual([Code.VALID, Code.PHANTOM_READ_CONFLICT]);
    expect(await codes(put('d'), query)).toEqual([Code.VALID, Code.VALID]);
    expect(await codes(put('b'), query)).toEqual([Code.VALID, Code.PHANTOM_READ_CONFLICT]);
    expect(
      await codes(
        writes((set) => set.addDelete('basic', 'a')),
        query,
      ),
    ).toEqual([Code.VALID, Code.PHANTOM_READ_CONFLICT]);
    expect(await codes(ranged('a', 'd', ['a']))).toEqual([Code.PHANTOM_READ_CONFLICT]);
    expect(await codes(ranged('x', 'z', []))).toEqual([Code.VALID]);
    expect(await codes(ranged('a', '', ['a', 'b', 'd']))).toEqual([Code.VALID]);
  });

  test('of a range that was left early: the last key seen belongs to it, later ones do not', async () => {
    const { codes } = ledger({ a: '1', b: '1', d: '1' });
    const query = ranged('a', 'b', ['a', 'b'], false);
    expect(await codes(query)).toEqual([Code.VALID]);
    expect(await codes(put('c'), query)).toEqual([Code.VALID, Code.VALID]);
    expect(await codes(put('b'), query)).toEqual([Code.VALID, Code.PHANTOM_READ_CONFLICT]);
  });

  test('of a range beyond fifty results, by its summary', async () => {
    const keys = Array.from({ length: 2700 }, (_, i) => `k${String(i).padStart(5, '0')}`);
    const { codes } = ledger(Object.fromEntries(keys.map((key) => [key, '1'])));
    const query = ranged('k', 'l', keys);
    expect(await codes(query)).toEqual([Code.VALID]);
    expect(await codes(put('k02000'), query)).toEqual([Code.VALID, Code.PHANTOM_READ_CONFLICT]);
    expect(await codes(put('k99999'), query)).toEqual([Code.VALID, Code.PHANTOM_READ_CONFLICT]);
    expect(
      await codes(
        writes((set) => set.addDelete('basic', 'k00000')),
        query,
      ),
    ).toEqual([Code.VALID, Code.PHANTOM_READ_CONFLICT]);
  });
});

describe('policies of keys', () => {
  const policyOf = (rule: string) => new Map([['VALIDATION_PARAMETER', parsePolicy(rule)]]);
  const guard = (key: string, rule: string, more = {}) =>
    writes((set) => set.addMetadataWrite('basic', key, policyOf(rule)), more);
  const stored = (rule: string) => {
    const metadata = parseTransaction(guard('a', rule)).action?.sets.namespaces[0]?.metadataWrites[0]
      ?.entries[0];
    return new Uint8Array(encodeEntry(metadata?.name ?? '', metadata?.value ?? new Uint8Array()));
  };

  test('stand in place of the chaincode’s policy', async () => {
    const { codes } = ledger({ a: '1' }, { a: stored("OR('AuthorityMSP.peer')") });
    expect(await codes(put('a'))).toEqual([Code.ENDORSEMENT_POLICY_FAILURE]);
    expect(await codes(put('a', 'v', { endorsers: [authority.peer] }))).toEqual([Code.VALID]);
    expect(await codes(put('b', 'v', { endorsers: [authority.peer] }))).toEqual([
      Code.ENDORSEMENT_POLICY_FAILURE,
    ]);
    expect(await codes(guard('a', "OR('NorthMSP.peer')"))).toEqual([Code.ENDORSEMENT_POLICY_FAILURE]);
  });

  test('that nobody can read refuse every write', async () => {
    const { codes } = ledger({ a: '1' }, { a: encodeEntry('VALIDATION_PARAMETER', Uint8Array.of(0xff)) });
    expect(await codes(put('a', 'v', { endorsers: [...peers, authority.peer] }))).toEqual([
      Code.ENDORSEMENT_POLICY_FAILURE,
    ]);
  });

  test('changed earlier in the block refuse later writes to the key, if the change was endorsed', async () => {
    const { codes } = ledger({ a: '1' });
    expect(await codes(guard('a', "OR('AuthorityMSP.peer')"), put('a'), put('b'))).toEqual([
      Code.VALID,
      Code.ENDORSEMENT_POLICY_FAILURE,
      Code.VALID,
    ]);
    expect(await codes(guard('a', "OR('AuthorityMSP.peer')", { endorsers: [north.peer] }), put('a'))).toEqual(
      [Code.ENDORSEMENT_POLICY_FAILURE, Code.VALID],
    );
  });

  test('stay when the value changes, and the value stays when they change', async () => {
    const metadata = stored("OR('NorthMSP.peer','SouthMSP.peer')");
    const { validate } = ledger({ a: '1' }, { a: metadata });
    expect((await validate([put('a', '2')])).updates).toMatchObject([
      { key: 'a', value: utf8('2'), metadata },
    ]);
    const guarded = (await validate([guard('a', "OR('NorthMSP.peer')")])).updates;
    expect(guarded).toMatchObject([{ key: 'a', value: utf8('1'), version: version(2) }]);
    expect(guarded[0]?.metadata).not.toEqual(metadata);
    const bare = await validate([writes((set) => set.addMetadataWrite('basic', 'a', new Map()))]);
    expect(bare.updates).toMatchObject([{ key: 'a', value: utf8('1'), metadata: new Uint8Array() }]);
  });

  test('of keys that do not exist are nothing', async () => {
    const { validate } = ledger();
    const result = await validate([guard('new', "OR('NorthMSP.peer')")]);
    expect([...result.codes]).toEqual([Code.VALID]);
    expect(result.updates).toEqual([]);
  });
});

describe('configuration transactions', () => {
  const limits = { maxMessageCount: 7 };
  const update = (signers: readonly Member[]) => {
    const before = configOf(network.config);
    const change = computeConfigUpdate('care', before, configEdits.setBatchLimits(before, limits));
    const signed = signConfigUpdate(
      change,
      signers.map(({ serialized, sign }) => ({
        identity: serialized,
        sign,
        nonce: new Uint8Array(24).fill(1),
      })),
    );
    return configEnvelope(north.admin, HEADER_TYPE.configUpdate, signed);
  };
  const proposed = () => proposeConfigUpdate(network.config, update([north.admin, south.admin]));

  test('alone in their block give the next configuration', async () => {
    const result = await ledger().validate([configEnvelope(north.orderer, HEADER_TYPE.config, proposed())]);
    expect([...result.codes]).toEqual([Code.VALID]);
    expect(result.config).toMatchObject({ sequence: 1n, batch: limits });
    expect(result.updates).toMatchObject([{ namespace: '', key: 'CHANNEL_CONFIG_ENV_BYTES' }]);
  });

  test('beside others, or with a result that their update does not lead to, make the block unacceptable', async () => {
    const config = configEnvelope(north.orderer, HEADER_TYPE.config, proposed());
    await expect(ledger().validate([config, put('a')])).rejects.toMatchObject({ code: 'BAD_BLOCK' });
    const forged = concat(
      proposed(),
      encodePair(
        configEdits.setBatchLimits(configOf(network.config), { maxMessageCount: 9 }),
        new Uint8Array(),
      ),
    );
    await expect(
      ledger().validate([configEnvelope(north.orderer, HEADER_TYPE.config, forged)]),
    ).rejects.toMatchObject({ code: 'CONFIG_REFUSED' });
  });

  test('do not come as updates', async () => {
    expect(await ledger().codes(update([north.admin, south.admin]))).toEqual([Code.UNSUPPORTED_TX_PAYLOAD]);
  });
});

describe('block data', () => {
  test('is envelopes in their only encoding, so that no border can move', () => {
    const [a, b] = [put('a'), put('b')];
    checkWellFormed(1n, [a, b]);
    const joined = concat(a, b);
    for (const border of [a.length - 1, a.length + 1, joined.length]) {
      const data = [joined.subarray(0, border), joined.subarray(border)].filter(({ length }) => length > 0);
      expect(() => checkWellFormed(1n, data)).toThrowError(expect.objectContaining({ code: 'BAD_BLOCK' }));
    }
    expect(() => checkWellFormed(1n, [])).toThrowError(/no transaction/);
    expect(() => checkWellFormed(1n, [concat(a, Uint8Array.of(0x18, 1))])).toThrowError(/encoded/);
  });
});

/** The state's form of metadata with one entry. */
function encodeEntry(name: string, value: Uint8Array): Uint8Array {
  const entry = concat(encodePair(utf8(name), value));
  return concat(Uint8Array.of(0x12), varint(entry.length), entry);
}

function varint(value: number): Uint8Array {
  return value < 0x80 ? Uint8Array.of(value) : Uint8Array.of((value & 0x7f) | 0x80, value >> 7);
}
