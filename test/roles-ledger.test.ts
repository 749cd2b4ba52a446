import { ContractError, FUNCTION_NAMES, type FunctionName } from '@healthchain/contracts';
import {
  makeReady,
  readExpectations,
  signerOf,
  situations,
  type CastLedger,
  type Prepared,
} from '@healthchain/contracts/testing';
import { ROLES } from '@healthchain/core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startContractNetwork, type ContractNetwork } from './support/contract-network.ts';
import { GatewayLedger } from './support/gateway-ledger.ts';
import { contractState } from './support/ledger-state.ts';

/** What the contracts' own test holds them to over a memory; here with certificates, over the gateway, endorsed by peers. */
const table = readExpectations('./functions.csv');
const FOUNDED = 'founded';
const UNFOUNDED = 'unfounded';

let network: ContractNetwork;
let founded: CastLedger;
let unfounded: CastLedger;

beforeAll(async () => {
  network = await startContractNetwork([FOUNDED, UNFOUNDED]);
  founded = new GatewayLedger(network, FOUNDED);
  unfounded = new GatewayLedger(network, UNFOUNDED);
  await makeReady(founded);
});

afterAll(() => network.close());

it('the table names every function and every role', () => {
  expect(new Set(table.map((row) => row['function']))).toEqual(new Set(FUNCTION_NAMES));
  expect(table).toHaveLength(FUNCTION_NAMES.length);
  for (const row of table) expect(Object.keys(row)).toEqual(expect.arrayContaining([...ROLES]));
});

it.each(table.map((row) => [row['function'] as FunctionName, row] as const))('%s', async (name, row) => {
  const { function: _, ...expected } = row;
  const ledgers = { ready: async () => founded, unfounded: async () => unfounded };
  const prepared = (await situations[name](ledgers, name)) as Prepared<FunctionName>;
  const before = await stateOf();
  const cells = Object.keys(expected).map(async (column) => [
    column,
    await outcomeOf(name, prepared, column),
  ]);
  expect(Object.fromEntries(await Promise.all(cells))).toEqual(expected);
  expect(await stateOf()).toEqual(before);
});

async function outcomeOf(
  name: FunctionName,
  { ledger, argument, transient }: Prepared<FunctionName>,
  column: string,
): Promise<string> {
  const caller = signerOf(column);
  const secrets = transient?.(caller);
  const options = { evaluate: true, ...(secrets === undefined ? {} : { transient: secrets }) };
  try {
    await ledger.execute(caller, name, argument(caller), options);
    return 'ok';
  } catch (error) {
    if (!(error instanceof ContractError)) throw error;
    return error.code === 'ROLE_NOT_PERMITTED' ? '-' : error.code;
  }
}

function stateOf(): Promise<unknown> {
  const channels = [FOUNDED, UNFOUNDED];
  return Promise.all(channels.map((channel) => contractState(network.engine, 'peer0.south', channel)));
}
