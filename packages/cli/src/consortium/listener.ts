import { join } from 'node:path';
import { listen, writeConnectionFolder, type Engine, type Listener } from '@healthchain/ledger';
import { table, type Output } from '../output.ts';

/** Opens a gRPC port for every node, and writes what Fabric's clients need to use them into `<data>/grpc`. */
export async function openListener(engine: Engine, data: string, output: Output): Promise<Listener> {
  const listener = await listen(engine);
  const folder = join(data, 'grpc');
  await writeConnectionFolder(engine.network, listener, folder);
  const rows = [...listener.addresses].map(([node, address]) => [`  ${node}`, address]);
  for (const line of ['gRPC over TLS, for Fabric’s clients:', ...table(rows)]) output.note(line);
  output.note(`Before you run Fabric’s peer: . ${join(folder, '<organisation>', 'peer.env')}`);
  return listener;
}
