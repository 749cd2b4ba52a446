import { CustodyError, type Answer, type Asked } from '@healthchain/custody';
import { describe, expect, test } from 'vitest';
import { CustodyRefusal } from '../custody/client.ts';
import { gather, type AskableCustodian } from './gather.ts';

const ASKED = {} as Asked;

function failing(mspId: string, error: Error, asked: string[] = []): AskableCustodian {
  return {
    mspId,
    ask: () => {
      asked.push(mspId);
      return Promise.reject(error);
    },
    received: () => {
      throw new Error('There is no answer');
    },
  };
}

describe('when fewer than k custodians answer', () => {
  const down = new CustodyError('STALE', 'behind');
  test.each([
    ['UNAVAILABLE', [down, down, down]],
    ['LIMIT', [down, new CustodyRefusal('OVER_LIMIT', 'slow down', 'SouthMSP'), down]],
    ['FORBIDDEN', [down, new CustodyRefusal('UNKNOWN_IDENTITY', 'who?', 'SouthMSP'), down]],
  ])('the reader gets %s', async (code, errors) => {
    const custodians = errors.map((error, i) => failing(`Org${i}MSP`, error));
    await expect(gather(ASKED, 2, custodians, [])).rejects.toMatchObject({
      code,
      details: { answered: 0, needed: 2 },
    });
  });
});

test('k are asked at once; one that fails is replaced, one that is late is joined by the next', async () => {
  const asked: string[] = [];
  const late: AskableCustodian = {
    mspId: 'LateMSP',
    ask: () => {
      asked.push('LateMSP');
      return new Promise<Answer>((_, reject) =>
        setTimeout(() => reject(new CustodyError('STALE', 'late')), 600),
      );
    },
    received: () => {
      throw new Error('There is no answer');
    },
  };
  const stale = new CustodyError('STALE', 'behind');
  const reading = gather(
    ASKED,
    2,
    [
      late,
      failing('DownMSP', stale, asked),
      failing('ThirdMSP', stale, asked),
      failing('FourthMSP', stale, asked),
    ],
    [],
  );
  expect(asked).toEqual(['LateMSP', 'DownMSP']);
  await expect(reading).rejects.toMatchObject({ code: 'UNAVAILABLE' });
  expect(asked).toEqual(['LateMSP', 'DownMSP', 'ThirdMSP', 'FourthMSP']);
});
