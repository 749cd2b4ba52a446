import { utf8 } from '@healthchain/core';
import { describe, expect, it } from 'vitest';
import { createHealthClient, type HealthTransport } from './client.ts';
import { contractErrorOf } from './errors.ts';
import { FUNCTION_NAMES } from './registry.ts';

function recording() {
  const calls: unknown[] = [];
  const transport: HealthTransport = {
    evaluate: async (...call) => {
      calls.push(['evaluate', ...call]);
      return utf8('{"organisations":[]}');
    },
    submit: async (...call) => {
      calls.push(['submit', ...call]);
      return { result: utf8('{"operations":1,"at":"t"}'), transactionId: 'id', blockNumber: 7n };
    },
  };
  return { calls, client: createHealthClient(transport) };
}

describe('the typed client', () => {
  it('evaluates queries and submits commands with their transient data', async () => {
    const { calls, client } = recording();
    expect(await client.membership.listOrganisations({})).toEqual({ organisations: [] });
    const argument = { operations: [], epoch: 0, dealing: 'author' as const, sealed: [] };
    const transient = { 'sealed/NorthMSP': utf8('x') };
    expect(await client.records.write(argument, transient)).toEqual({
      result: { operations: 1, at: 't' },
      transactionId: 'id',
      blockNumber: 7n,
    });
    expect(calls).toEqual([
      ['evaluate', 'membership:ListOrganisations', ['{}']],
      ['submit', 'records:Write', [JSON.stringify(argument)], transient],
    ]);
  });

  it('has a method for every function', () => {
    const methods = Object.entries(recording().client).flatMap(([space, calls]) =>
      Object.keys(calls).map((name) => `${space}:${name}`.toLowerCase()),
    );
    expect(methods.sort()).toEqual(FUNCTION_NAMES.map((name) => name.toLowerCase()).sort());
  });
});

describe('a refusal', () => {
  it('is found in what an engine makes of it', () => {
    const error = contractErrorOf(
      '10 ABORTED: chaincode response 500, VERSION_CONFLICT: operation 3: the next version is 2',
    );
    expect(error).toMatchObject({ code: 'VERSION_CONFLICT', message: 'operation 3: the next version is 2' });
    expect(contractErrorOf('14 UNAVAILABLE: no connection')).toBeUndefined();
  });
});
