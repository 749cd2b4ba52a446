import {
  MerkleTree,
  fromBase64url,
  intakeKeyId,
  leafHash,
  toBase64url,
  toHex,
  utf8,
} from '@healthchain/core';
import { describe, expect, it } from 'vitest';
import {
  ACME,
  AUTHORITY,
  CUSTODIANS,
  NORTH,
  SOUTH,
  administratorOf,
  foundedLedger,
  intakeKeyOf,
  northDoctor,
  readyLedger,
  serverOf,
} from '../testing/cast.ts';

const code = (expected: string) => expect.objectContaining({ code: expected });
const custodians: { mspId: string; index: number }[] = CUSTODIANS.map((mspId, i) => ({
  mspId,
  index: i + 1,
}));

describe('epochs', () => {
  it('come in force with the majority of the members, k more than half', async () => {
    const ledger = await foundedLedger();
    const proposed = await ledger.call(administratorOf(NORTH), 'custody:ProposeEpoch', {
      epoch: 1,
      custodians,
    });
    expect(proposed).toMatchObject({ state: 'proposed', k: 2, approvals: [NORTH], needed: 3 });
    await ledger.call(administratorOf(SOUTH), 'custody:ApproveEpoch', { epoch: 1 });
    await expect(ledger.call(northDoctor, 'custody:GetEpoch', {})).rejects.toEqual(code('EPOCH_UNKNOWN'));
    await ledger.call(administratorOf(ACME), 'custody:ApproveEpoch', { epoch: 1 });
    expect(await ledger.call(northDoctor, 'custody:GetEpoch', {})).toMatchObject({
      state: 'in-force',
      custodians,
    });
    await expect(
      ledger.call(administratorOf(AUTHORITY), 'custody:ApproveEpoch', { epoch: 1 }),
    ).rejects.toEqual(code('EPOCH_NOT_NEXT'));
  });

  it('follow one another, and every custodian keeps its index', async () => {
    const ledger = await readyLedger();
    const propose = (epoch: number, list: typeof custodians) =>
      ledger.call(administratorOf(NORTH), 'custody:ProposeEpoch', { epoch, custodians: list });
    await expect(propose(3, custodians)).rejects.toEqual(code('EPOCH_NOT_NEXT'));
    await expect(propose(1, custodians)).rejects.toEqual(code('EPOCH_EXISTS'));
    const moved = [{ mspId: NORTH, index: 9 }];
    const taken = [{ mspId: ACME, index: 1 }];
    for (const list of [moved, taken]) {
      await expect(propose(2, list)).rejects.toEqual(code('CUSTODIAN_INDEX_FIXED'));
    }
    await propose(2, custodians.slice(0, 2));
    for (const mspId of [SOUTH, ACME]) {
      await ledger.call(administratorOf(mspId), 'custody:ApproveEpoch', { epoch: 2 });
    }
    expect(await ledger.call(northDoctor, 'custody:GetEpoch', { epoch: 1 })).toMatchObject({ state: 'over' });
    expect(await ledger.call(northDoctor, 'custody:GetEpoch', {})).toMatchObject({ epoch: 2, k: 2 });
  });

  it('one organisation’s proposal keeps nobody from another, and is approved by nobody unseen', async () => {
    const ledger = await readyLedger();
    const propose = (mspId: string, list: typeof custodians, k?: number) =>
      ledger.call(administratorOf(mspId), 'custody:ProposeEpoch', {
        epoch: 2,
        custodians: list,
        ...(k === undefined ? {} : { k }),
      });
    const approve = (mspId: string, terms?: string) =>
      ledger.call(administratorOf(mspId), 'custody:ApproveEpoch', {
        epoch: 2,
        ...(terms === undefined ? {} : { terms }),
      });
    const squatting = await propose(ACME, custodians.slice(0, 1), 1);
    const wanted = await propose(NORTH, custodians, 3);
    expect(wanted.terms).not.toBe(squatting.terms);
    await expect(approve(SOUTH)).rejects.toEqual(code('EPOCH_AMBIGUOUS'));
    await expect(approve(SOUTH, '0'.repeat(64))).rejects.toEqual(code('EPOCH_UNKNOWN'));
    await expect(propose(NORTH, custodians, 3)).rejects.toEqual(code('ALREADY_APPROVED'));
    expect((await propose(SOUTH, custodians, 3)).approvals).toEqual([NORTH, SOUTH]);
    const { rows } = await ledger.call(northDoctor, 'custody:ListEpochProposals', { epoch: 2 });
    expect(new Map(rows.map(({ terms, approvals }) => [terms, approvals]))).toEqual(
      new Map([
        [squatting.terms, [ACME]],
        [wanted.terms, [NORTH, SOUTH]],
      ]),
    );
    await approve(AUTHORITY, wanted.terms);
    expect(await ledger.call(northDoctor, 'custody:GetEpoch', {})).toMatchObject({ epoch: 2, k: 3 });
    await expect(approve(SOUTH, squatting.terms)).rejects.toEqual(code('EPOCH_NOT_NEXT'));
  });

  it.each([
    ['no custodians', { custodians: [] }],
    ['an index twice', { custodians: CUSTODIANS.map((mspId) => ({ mspId, index: 1 })) }],
    ['a k beyond the custodians', { custodians, k: 4 }],
    ['index 0, where the secret is', { custodians: [{ mspId: NORTH, index: 0 }] }],
  ])('refuses %s', async (_, parts) => {
    const ledger = await foundedLedger();
    await expect(
      ledger.call(administratorOf(NORTH), 'custody:ProposeEpoch', { epoch: 1, ...parts }),
    ).rejects.toEqual(code('INVALID_ARGUMENT'));
  });
});

describe('intake keys', () => {
  it('go open → closing → closed; two overlap', async () => {
    const ledger = await foundedLedger();
    const server = serverOf(NORTH);
    const [k1, k2, k3] = [1, 2, 3].map((n) => intakeKeyOf(ledger, NORTH, n).keyId) as [
      string,
      string,
      string,
    ];
    const open = (n: number) => ledger.call(server, 'custody:OpenIntakeKey', intakeKeyOf(ledger, NORTH, n));
    const usable = async () =>
      (await ledger.call(server, 'custody:GetIntakeKeys', {})).keys.map((key) => key.keyId);
    await open(1);
    await expect(open(1)).rejects.toEqual(code('INTAKE_KEY_EXISTS'));
    await open(2);
    await expect(open(3)).rejects.toEqual(code('TOO_MANY_INTAKE_KEYS'));
    const close = { state: 'closing', keyId: k1, height: 12 } as const;
    await expect(
      ledger.call(server, 'custody:CloseIntakeKey', { state: 'closed', keyId: k1 }),
    ).rejects.toEqual(code('INTAKE_KEY_STATE'));
    await expect(ledger.call(serverOf(SOUTH), 'custody:CloseIntakeKey', close)).rejects.toEqual(
      code('INTAKE_KEY_UNKNOWN'),
    );
    expect(await usable()).toEqual([k1, k2]);
    await ledger.call(server, 'custody:CloseIntakeKey', close);
    expect(await usable()).toEqual([k2]);
    await expect(open(3)).rejects.toEqual(code('TOO_MANY_INTAKE_KEYS'));
    const closed = await ledger.call(server, 'custody:CloseIntakeKey', { state: 'closed', keyId: k1 });
    expect(closed).toMatchObject({ state: 'closed', closingHeight: 12 });
    await open(3);
    const all = await ledger.call(server, 'custody:GetIntakeKeys', { mspId: NORTH });
    expect(new Map(all.keys.map((key) => [key.keyId, key.state]))).toEqual(
      new Map([
        [k1, 'closed'],
        [k2, 'open'],
        [k3, 'open'],
      ]),
    );
  });

  const altered: readonly [string, (key: Uint8Array) => Uint8Array][] = [
    ['a byte less', (key) => key.slice(1)],
    ['a coefficient of the modulus', (key) => key.with(0, 0x01).with(1, 0x0d)],
    ['a last coefficient beyond it', (key) => key.with(1_151, 0xff)],
    ['a point of order 1', (key) => key.with(1_184, 0)],
    ['a point of order 1, its highest bit set', (key) => key.with(1_184, 0).with(1_215, 0x80)],
    ['a point of order 4', (key) => key.with(1_184, 1)],
  ];
  it.each(altered)('are ones that everybody can seal to: not with %s', async (_, alter) => {
    const ledger = await foundedLedger();
    const bytes = alter(fromBase64url(intakeKeyOf(ledger, NORTH, 1).publicKey));
    const keyId = intakeKeyId(ledger.channel, NORTH, bytes);
    const key = { keyId, publicKey: toBase64url(bytes), suite: 1 } as const;
    await expect(ledger.call(serverOf(NORTH), 'custody:OpenIntakeKey', key)).rejects.toEqual(
      code('INTAKE_KEY_NOT_POSSIBLE'),
    );
  });

  it('have the id of their bytes, custodian and channel', async () => {
    const ledger = await foundedLedger();
    const key = intakeKeyOf(ledger, NORTH, 1);
    await expect(ledger.call(serverOf(SOUTH), 'custody:OpenIntakeKey', key)).rejects.toEqual(
      code('INTAKE_KEY_NOT_POSSIBLE'),
    );
    await ledger.call(serverOf(NORTH), 'custody:OpenIntakeKey', key);
  });

  it('do not end while their custodian has no other: nobody could write', async () => {
    const ledger = await readyLedger();
    const close = { state: 'closing', keyId: intakeKeyOf(ledger, NORTH, 1).keyId, height: 3 } as const;
    const closing = () => ledger.call(serverOf(NORTH), 'custody:CloseIntakeKey', close);
    await expect(closing()).rejects.toEqual(code('LAST_INTAKE_KEY'));
    await ledger.call(serverOf(NORTH), 'custody:OpenIntakeKey', intakeKeyOf(ledger, NORTH, 2));
    expect((await closing()).state).toBe('closing');
  });
});

describe('checkpoints', () => {
  const tree = new MerkleTree();
  for (let i = 0; i < 20; i++) tree.append(leafHash(utf8(`entry ${i}`)));
  const checkpoint = (size: number, from: number) => ({
    size,
    root: toHex(tree.root(size)),
    mapRoot: '22'.repeat(32),
    consistency: tree.consistencyProof(from, size).map(toHex),
  });

  it('extend the last one', async () => {
    const ledger = await foundedLedger();
    const server = serverOf(NORTH);
    const write = (size: number, from: number) =>
      ledger.call(server, 'custody:Checkpoint', checkpoint(size, from));
    await write(7, 0);
    await write(13, 7);
    await expect(write(20, 7)).rejects.toEqual(code('CHECKPOINT_NOT_CONSISTENT'));
    await expect(write(13, 13)).rejects.toEqual(code('CHECKPOINT_NOT_CONSISTENT'));
    await expect(write(7, 7)).rejects.toEqual(code('CHECKPOINT_NOT_CONSISTENT'));
    const forged = { ...checkpoint(20, 13), root: '33'.repeat(32) };
    await expect(ledger.call(server, 'custody:Checkpoint', forged)).rejects.toEqual(
      code('CHECKPOINT_NOT_CONSISTENT'),
    );
    await write(20, 13);
    const get = (size?: number) =>
      ledger.call(
        northDoctor,
        'custody:GetCheckpoint',
        size === undefined ? { mspId: NORTH } : { mspId: NORTH, size },
      );
    expect((await get()).size).toBe(20);
    expect((await get(13)).root).toBe(toHex(tree.root(13)));
    await expect(get(14)).rejects.toEqual(code('CHECKPOINT_UNKNOWN'));
  });

  it('are each organisation’s own', async () => {
    const ledger = await foundedLedger();
    await ledger.call(serverOf(NORTH), 'custody:Checkpoint', checkpoint(7, 0));
    await ledger.call(serverOf(SOUTH), 'custody:Checkpoint', checkpoint(3, 0));
    await expect(ledger.call(northDoctor, 'custody:Checkpoint', checkpoint(9, 7))).rejects.toEqual(
      code('ROLE_NOT_PERMITTED'),
    );
  });
});
