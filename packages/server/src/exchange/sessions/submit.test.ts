import { expect, test } from 'vitest';
import type { LedgerSession } from './session.ts';
import { MVCC_READ_CONFLICT, PHANTOM_READ_CONFLICT, submitAfresh, submitAndWait, VALID } from './submit.ts';

/** A ledger on which proposals meet these codes, one after the other. */
function sessionMeeting(codes: readonly number[]): { session: LedgerSession; endorsed: string[] } {
  const endorsed: string[] = [];
  const session: Pick<LedgerSession, 'endorse' | 'submit' | 'status'> = {
    endorse: async () => {
      const transactionId = String(endorsed.length);
      endorsed.push(transactionId);
      const bytes = new Uint8Array();
      return { transactionId, channel: 'care', timestamp: new Date(0), bytes, result: bytes };
    },
    submit: async () => undefined,
    status: async (transactionId) => ({ code: codes[Number(transactionId)] ?? VALID, blockNumber: 7n }),
  };
  return { session: session as LedgerSession, endorsed };
}

test('a command that others overtook is proposed again, each time anew', async () => {
  const { session, endorsed } = sessionMeeting([MVCC_READ_CONFLICT, PHANTOM_READ_CONFLICT]);
  expect(await submitAfresh(session, 'custody:OpenEmergency', ['{}'])).toMatchObject({ transactionId: '2' });
  expect(endorsed).toEqual(['0', '1', '2']);
});

test('one that is invalid for another reason is not', async () => {
  const { session, endorsed } = sessionMeeting([10]);
  const failed = submitAfresh(session, 'custody:OpenEmergency', ['{}']);
  await expect(failed).rejects.toMatchObject({ code: 'CONFLICT', details: { validationCode: 10 } });
  expect(endorsed).toHaveLength(1);
});

test('nor one that is overtaken without end, nor what was submitted for once only', async () => {
  const always = sessionMeeting(Array.from({ length: 100 }, () => MVCC_READ_CONFLICT));
  await expect(submitAfresh(always.session, 'x', [])).rejects.toMatchObject({ code: 'CONFLICT' });
  expect(always.endorsed.length).toBeLessThan(20);
  const once = sessionMeeting([MVCC_READ_CONFLICT]);
  await expect(submitAndWait(once.session, 'x', [])).rejects.toMatchObject({ code: 'CONFLICT' });
});
