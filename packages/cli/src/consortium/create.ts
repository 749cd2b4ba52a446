import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { toHex } from '@healthchain/core';
import { createNetwork } from '@healthchain/ledger';
import { ORGANISATIONS } from '../demo/consortium.ts';
import { USERS } from '../demo/people.ts';
import { demoNetwork } from './definition.ts';
import { mustBeFree } from './ports.ts';
import { ledgerDirectory, readState, writeState, type ConsortiumState } from './state.ts';

/** What is decided at the first start of a data directory, and kept. */
export interface CreateOptions {
  readonly seed: number;
  /** Port of the first server; the others follow, the custody APIs 1000 above. */
  readonly firstPort: number;
  /** Without the cast the consortium starts empty. */
  readonly cast: boolean;
  readonly now: Date;
}

/**
 * The consortium of a data directory; at the first start its keys, genesis blocks and users' ids are made. Interrupted, it is made
 * again from where it was.
 *
 * @throws CliError PORT_IN_USE before anything is made
 */
export async function createOrReadState(data: string, options: CreateOptions): Promise<ConsortiumState> {
  const existing = readState(data);
  if (existing !== undefined) {
    const hint = `End what listens there: a consortium keeps the ports of its first start. Or use another folder with --data and --port.`;
    await mustBeFree(existing.organisations, hint);
    return existing;
  }
  const state = freshState(options);
  await mustBeFree(state.organisations, 'End what listens there, or choose other ports with --port.');
  const directory = ledgerDirectory(data);
  if (!existsSync(join(directory, 'network.json'))) {
    await createNetwork({ directory, definition: demoNetwork(), now: options.now });
  }
  writeState(data, state);
  return state;
}

function freshState({ seed, firstPort, cast, now }: CreateOptions): ConsortiumState {
  return {
    seed,
    cast,
    anchor: now.toISOString(),
    organisations: ORGANISATIONS.map((organisation, i) => ({
      ...organisation,
      port: firstPort + i,
      custodyPort: firstPort + 1_000 + i,
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
}
