import { fromUtf8, utf8 } from '@healthchain/core';
import type { ChaincodeInterface, ChaincodeStub } from 'fabric-shim';
import { describe, expect, expectTypeOf, it, vi } from 'vitest';
import { chaincode, createChaincode } from './dispatcher.ts';
import type { Stub } from './stub.ts';
import {
  AUTHORITY,
  NORTH,
  administratorOf,
  maria,
  northDoctor,
  readyLedger,
  serverOf,
} from './testing/cast.ts';
import { MemoryLedger, idOf, userOf } from './testing/ledger.ts';

const SECRET = 'HIV positive';

async function answer(ledger: MemoryLedger, args: readonly string[], transient?: Record<string, Uint8Array>) {
  return chaincode.Invoke(ledger.stubFor(serverOf(NORTH), args, transient));
}

describe('the dispatcher', () => {
  it('has the types that fabric-shim’s server takes and gives', () => {
    expectTypeOf<ChaincodeStub>().toExtend<Stub>();
    expectTypeOf(chaincode).toExtend<ChaincodeInterface>();
  });

  it('answers as fabric-shim’s success and error', async () => {
    const ledger = await readyLedger();
    const good = await answer(ledger, ['persons:Get', JSON.stringify({ personId: maria })]);
    expect(good.status).toBe(200);
    expect(JSON.parse(fromUtf8(good.payload))).toMatchObject({ personId: maria });
    const bad = await answer(ledger, ['persons:Get', JSON.stringify({ personId: idOf('nobody') })]);
    expect(bad).toMatchObject({ status: 500, message: expect.stringMatching(/^PERSON_UNKNOWN: /) });
    expect((await chaincode.Init(ledger.stubFor(serverOf(NORTH), []))).status).toBe(200);
  });

  it.each([
    [[], 'UNKNOWN_FUNCTION'],
    [['persons:Erase', '{}'], 'UNKNOWN_FUNCTION'],
    [['toString', '{}'], 'UNKNOWN_FUNCTION'],
    [['__proto__', '{}'], 'UNKNOWN_FUNCTION'],
    [['persons:Get'], 'INVALID_ARGUMENT'],
    [['persons:Get', `{"personId":"${SECRET}"}`], 'INVALID_ARGUMENT'],
    [['persons:Get', `{"${SECRET}":1}`], 'INVALID_ARGUMENT'],
    [['persons:Get', `{${SECRET}`], 'INVALID_ARGUMENT'],
    [['persons:Get', JSON.stringify({ personId: maria, more: SECRET })], 'INVALID_ARGUMENT'],
  ])('refuses %j without repeating what it was given', async (args, expected) => {
    const { status, message } = await answer(await readyLedger(), args);
    expect(status).toBe(500);
    expect(message).toMatch(new RegExp(`^${expected}: `));
    expect(message).not.toContain(SECRET);
  });

  it('refuses transient data where none is asked for', async () => {
    const ledger = await readyLedger();
    const args = ['persons:Get', JSON.stringify({ personId: maria })];
    expect((await answer(ledger, args, { more: utf8(SECRET) })).message).toMatch(/^INVALID_TRANSIENT: /);
  });

  it('checks standing before role, role before argument', async () => {
    const ledger = await readyLedger();
    const call = async (signer: Parameters<typeof ledger.stubFor>[0]) =>
      (await chaincode.Invoke(ledger.stubFor(signer, ['custody:Checkpoint', '{}']))).message?.split(':')[0];
    expect(await call(userOf('WestMSP', 'server'))).toBe('NOT_A_MEMBER');
    expect(await call(userOf(NORTH, 'regulator'))).toBe('ROLE_NOT_OF_ORGANISATION');
    expect(await call(northDoctor)).toBe('ROLE_NOT_PERMITTED');
    expect(await call(serverOf(AUTHORITY))).toBe('INVALID_ARGUMENT');
    await ledger.call(administratorOf(NORTH), 'membership:Suspend', { userId: northDoctor.userId });
    expect(await call(northDoctor)).toBe('USER_SUSPENDED');
  });

  it('tells a defect to its process and INTERNAL to the caller', async () => {
    const ledger = await readyLedger();
    const onDefect = vi.fn();
    const stub: Stub = ledger.stubFor(serverOf(NORTH), ['persons:Get', JSON.stringify({ personId: maria })]);
    stub.getState = () => Promise.reject(new Error(SECRET));
    const { status, message } = await createChaincode(onDefect).Invoke(stub);
    expect([status, message]).toEqual([500, 'INTERNAL: the rule failed; nothing was written']);
    expect(onDefect).toHaveBeenCalledWith('persons:Get', expect.objectContaining({ message: SECRET }));
  });

  it('writes nothing when it refuses', async () => {
    const ledger = new MemoryLedger();
    const stub = ledger.stubFor(serverOf(NORTH), ['persons:Register', JSON.stringify({ personId: maria })]);
    expect((await chaincode.Invoke(stub)).message).toMatch(/^NOT_FOUNDED: /);
    expect(stub.writes.size).toBe(0);
    expect(stub.event).toBeUndefined();
  });

  it('gives the same answer, reads, writes and event on every peer', async () => {
    const ledger = await readyLedger();
    const runs = await Promise.all(
      [1, 2].map(async () => {
        const stub = ledger.stubFor(serverOf(NORTH), [
          'persons:Register',
          JSON.stringify({ personId: idOf('Lee') }),
        ]);
        const { payload } = await chaincode.Invoke(stub);
        return [payload, [...stub.writes], stub.keysRead, stub.event];
      }),
    );
    expect(runs[0]).toEqual(runs[1]);
  });
});
