import { join } from 'node:path';
import { listen, writeConnectionFolder, type Listener } from '@healthchain/ledger';
import { table, type Output } from '../output.ts';
import { ownIdentity } from './identities.ts';
import { organisationOf } from './state.ts';
import type { Consortium } from './up.ts';

/**
 * Opens a gRPC port for every node, and writes into `<data>/grpc` what Fabric's clients need to use them as the organisations'
 * administrators.
 */
export async function openListener(
  { engine, state }: Consortium,
  data: string,
  output: Output,
): Promise<Listener> {
  const listener = await listen(engine);
  const folder = join(data, 'grpc');
  const identityOf = (mspId: string) => ownIdentity(data, organisationOf(state, mspId), 'administrator');
  await writeConnectionFolder(engine, listener, { folder, identityOf });
  const rows = [...listener.addresses].map(([node, address]) => [`  ${node}`, address]);
  for (const line of ['gRPC over TLS, for Fabric’s clients:', ...table(rows)]) output.note(line);
  output.note(`Before you run Fabric’s peer: . ${join(folder, '<organisation>', 'peer.env')}`);
  return listener;
}
