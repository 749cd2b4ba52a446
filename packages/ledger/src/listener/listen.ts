import type { Engine } from '../engine/index.ts';
import { addressOf } from '../engine/layout.ts';
import { startNodeServer, type NodeServer } from './node-server.ts';

export interface ListenOptions {
  /** The address to listen on; 127.0.0.1 unless said otherwise. */
  readonly host?: string;
  /** By node ('peer0.north'); a free one for who is not named. */
  readonly ports?: Readonly<Record<string, number>>;
  /**
   * Mutual TLS: clients have to show a certificate of a member's TLS CA, and deliver requests to name it (Fabric's
   * tls.clientAuthRequired). Otherwise none is asked for.
   */
  readonly clientAuthRequired?: boolean;
}

/** Where a network's nodes can be reached. */
export interface Listener {
  /** 'peer0.north' → '127.0.0.1:40151' */
  readonly addresses: ReadonlyMap<string, string>;
  /** Ends every call and every connection; the engine goes on. */
  close(): Promise<void>;
}

const DEFAULT_HOST = '127.0.0.1';
/** Of the engine's sessions by number: clients that come by a listener share one for each node, and none with others. */
const FIRST_SESSION = 2 ** 32;

let listeners = 0;

/**
 * Opens a port for each peer and orderer of the engine: Fabric's gRPC services over TLS, with the node's certificate. A node
 * that is stopped answers UNAVAILABLE. All ports are open on return, or none.
 */
export async function listen(engine: Engine, options: ListenOptions = {}): Promise<Listener> {
  const { host = DEFAULT_HOST, ports = {}, clientAuthRequired = false } = options;
  const { network, transport } = engine;
  const clientRoots = network.organisations.map(({ mspId }) => network.tlsRoot(mspId)).join('');
  const addresses = new Map<string, string>();
  const advertised = new Map<string, string>();
  const servers = new Map<string, NodeServer>();
  const close = async () => {
    await Promise.all([...servers.values()].map((server) => server.close()));
  };
  try {
    for (const node of network.nodes) {
      const { id, kind } = node;
      listeners += 1;
      const session = FIRST_SESSION + listeners;
      const served = { transport, id, session, advertised, bindsClients: clientAuthRequired };
      const tls = { ...network.nodeTls(id), clientRoots };
      const server = await startNodeServer(served, kind, tls, { host, port: ports[id] ?? 0 });
      servers.set(id, server);
      addresses.set(id, `${host}:${server.port}`);
      advertised.set(addressOf(node), `${host}:${server.port}`);
    }
  } catch (error) {
    await close();
    throw error;
  }
  return { addresses, close };
}
