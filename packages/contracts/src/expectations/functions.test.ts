import { ROLES } from '@healthchain/core';
import { describe, expect, it } from 'vitest';
import { ContractError } from '../errors.ts';
import { FUNCTION_NAMES, type FunctionName } from '../registry.ts';
import type { Signer } from '../state/rows.ts';
import { ACME, AUTHORITY, NORTH, SOUTH, readyLedger } from '../testing/cast.ts';
import { MemoryLedger, userOf } from '../testing/ledger.ts';
import { SERVER_OF_AUTHORITY, signerOf, situations, type Prepared } from '../testing/situations.ts';
import { readExpectations } from './csv.ts';

const table = readExpectations('./functions.csv');
/** Each situation gets a ledger of its own. */
const ledgers = { ready: () => readyLedger(), unfounded: async () => new MemoryLedger() };

async function outcome<Name extends FunctionName>(name: Name, prepared: Prepared<Name>, caller: Signer) {
  const transient = prepared.transient?.(caller);
  const options = transient === undefined ? { evaluate: true } : { evaluate: true, transient };
  try {
    await prepared.ledger.execute(caller, name, prepared.argument(caller), options);
    return 'ok';
  } catch (error) {
    if (!(error instanceof ContractError)) throw error;
    return error.code === 'ROLE_NOT_PERMITTED' ? '-' : error.code;
  }
}

async function outcomesOf(name: FunctionName, columns: readonly string[]) {
  const prepared = (await situations[name](ledgers, name)) as Prepared<FunctionName>;
  const outcomes: Record<string, string> = {};
  for (const column of columns) outcomes[column] = await outcome(name, prepared, signerOf(column));
  return outcomes;
}

describe('roles × functions', () => {
  it('the table names every function once and every role', () => {
    expect(table.map((row) => `${row['function']}`).sort()).toEqual([...FUNCTION_NAMES].sort());
    for (const row of table) {
      expect(Object.keys(row)).toEqual(['function', ...ROLES, SERVER_OF_AUTHORITY]);
    }
  });

  it.each(table.map((row) => [row['function'] as FunctionName, row] as const))('%s', async (name, row) => {
    const { function: _, ...expected } = row;
    expect(await outcomesOf(name, Object.keys(expected))).toEqual(expected);
  });

  it('a role of another kind of organisation is refused whatever it calls', async () => {
    const ledger = await readyLedger();
    for (const [mspId, role] of [
      [ACME, 'doctor'],
      [NORTH, 'patient'],
      [AUTHORITY, 'clerk'],
      [SOUTH, 'claims-auditor'],
    ] as const) {
      await expect(ledger.call(userOf(mspId, role), 'membership:ListOrganisations', {})).rejects.toEqual(
        expect.objectContaining({ code: 'ROLE_NOT_OF_ORGANISATION' }),
      );
    }
  });
});
