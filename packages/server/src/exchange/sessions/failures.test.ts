import { GatewayError } from '@hyperledger/fabric-gateway';
import { expect, test } from 'vitest';
import { ExchangeError } from '../error.ts';
import { classify, isDivided, mayComeFromLag, toExchangeError } from './failures.ts';

function failure(code: number, ...messages: string[]): GatewayError {
  const details = messages.map((message) => ({ address: 'peer:7051', mspId: 'NorthMSP', message }));
  return new GatewayError({ code, details, cause: new Error('cause') as never, message: 'failed' });
}

test.each([
  [
    'a refusal of the contract',
    failure(10, 'chaincode response 500, VERSION_CONFLICT: not head + 1'),
    'refused',
  ],
  [
    'a refusal beside a peer that is down',
    failure(10, 'connection refused', 'chaincode response 500, NO_RELATION: none'),
    'refused',
  ],
  ['endorsements that differ', failure(10, 'ProposalResponsePayloads do not match'), 'divided'],
  ['a peer that is down', failure(14), 'unreachable'],
  ['a deadline', failure(4), 'unreachable'],
  ['an identity that is not accepted', failure(7, 'access denied'), 'rejected'],
  ['a bug', new TypeError('x'), 'rejected'],
])('%s', (_name, error, kind) => {
  expect(classify(error).kind).toBe(kind);
});

test('the contract’s code is translated, its own one kept, and the cause too', () => {
  const cause = failure(10, 'chaincode response 500, VERSION_CONFLICT: not head + 1');
  const error = toExchangeError(cause, 'records:Write');
  expect(error).toMatchObject({
    code: 'CONFLICT',
    message: 'not head + 1',
    details: { contract: 'VERSION_CONFLICT' },
    cause,
  });
  expect(toExchangeError(failure(10, 'chaincode response 500, NO_RELATION: none'), 'x').code).toBe(
    'FORBIDDEN',
  );
  expect(toExchangeError(failure(14), 'x').code).toBe('UNAVAILABLE');
});

test('only an answer of a peer that was reached may come from lag', () => {
  const refused = toExchangeError(failure(10, 'chaincode response 500, RECORD_UNKNOWN: none'), 'x');
  expect(
    [refused, failure(10, 'ProposalResponsePayloads do not match'), failure(14)].map(mayComeFromLag),
  ).toEqual([true, true, false]);
  expect(mayComeFromLag(new ExchangeError('UNAVAILABLE', 'x'))).toBe(false);
});

test('endorsers that answer from different states are known as such, behind a translation too', () => {
  const divided = failure(10, 'ProposalResponsePayloads do not match');
  expect([divided, toExchangeError(divided, 'x')].map(isDivided)).toEqual([true, true]);
  expect([failure(14), failure(10, 'NO_RELATION: none'), new Error('x')].map(isDivided)).toEqual([
    false,
    false,
    false,
  ]);
});
