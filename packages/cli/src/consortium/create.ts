import { mkdirSync } from 'node:fs';
import { toHex } from '@healthchain/core';
import { createNetwork } from '@healthchain/ledger';
import { ORGANISATIONS } from '../demo/consortium.ts';
import { USERS } from '../demo/people.ts';
import { demoNetwork } from './definition.ts';
import { ledgerDirectory, readState, writeState, type ConsortiumState } from './state.ts';

export interface CreateOptions {
  readonly seed: number;
  /** Port of the first server; the others follow, the custody APIs 1000 above. */
  readonly firstPort: number;
  readonly now: Date;
}

/** The consortium of a data directory; at the first start its keys, genesis blocks and users' ids are made. */
export async function createOrReadState(data: string, options: CreateOptions): Promise<ConsortiumState> {
  const existing = readState(data);
  if (existing !== undefined) return existing;
  mkdirSync(data, { recursive: true, mode: 0o700 });
  await createNetwork({ directory: ledgerDirectory(data), definition: demoNetwork(), now: options.now });
  const state: ConsortiumState = {
    seed: options.seed,
    anchor: options.now.toISOString(),
    organisations: ORGANISATIONS.map((organisation, i) => ({
      ...organisation,
      port: options.firstPort + i,
      custodyPort: options.firstPort + 1_000 + i,
    })),
    users: USERS.map(({ handle, name, organisation, role, purpose }) => ({
      handle,
      name,
      organisation,
      role,
      purpose,
      userId: toHex(crypto.getRandomValues(new Uint8Array(16))),
    })),
  };
  writeState(data, state);
  return state;
}
