import { createGatewayClient, type CallTransport, type GatewayClient } from '../gateway/index.ts';
import { LedgerError } from '../error.ts';
import { isModule, type ChaincodeSource } from './chaincodes.ts';
import type { EngineControl } from './control.ts';
import { LocalEngine, type LocalEngineOptions } from './local-engine.ts';
import { openNetwork, type Network } from './network.ts';
import type { LedgerStorage } from '../storage/index.ts';
import { startWorkerEngine } from './worker-engine.ts';

export interface StartEngineOptions {
  /** Of createNetwork. */
  readonly directory: string;
  /** By contract name; modules only when the engine runs in a worker. */
  readonly chaincodes: Readonly<Record<string, ChaincodeSource>>;
  /** The engine in a thread of its own, so that it does not share one with its clients. */
  readonly worker: boolean;
  /** Of endorsers, orderers and deliver services; not with `worker`. */
  readonly clock?: () => Date;
  /** What the nodes store on: the disk and LevelDB unless given; not with `worker`. */
  readonly storage?: LedgerStorage;
  /** Threads that verify signatures beside the engine's own; 0 verifies in place. */
  readonly verifyThreads?: number;
  /** Nodes share outcomes of verifications, never of a signing; true unless said otherwise. */
  readonly shareVerifications?: boolean;
}

/** A running consortium. Everything that decides goes through the gateways; the control methods act on nodes. */
export interface Engine extends EngineControl {
  readonly network: Network;
  /** The object for fabric-gateway's `connect({ client })`; each call makes a session of its own. */
  client(mspId: string): GatewayClient;
  /** Carries calls to gateways and nodes as bytes: what `listen` opens to the network. */
  readonly transport: CallTransport;
}

/** Opens every node's stores, catches up and listens; `deploy` brings the contracts the first time. */
export async function startEngine(options: StartEngineOptions): Promise<Engine> {
  const network = openNetwork(options.directory);
  const { transport, control } = options.worker ? await inWorker(options) : await inThread(options);
  return Object.assign(control, {
    network,
    transport,
    client: (mspId: string) => createGatewayClient(transport, mspId),
  });
}

async function inThread(options: LocalEngineOptions) {
  const engine = await LocalEngine.start(options);
  return { transport: engine.transport, control: engine as EngineControl };
}

function inWorker(options: StartEngineOptions) {
  const isLoadable = Object.values(options.chaincodes).every(isModule);
  if (!isLoadable || options.clock !== undefined || options.storage !== undefined) {
    throw new LedgerError(
      'BAD_DEFINITION',
      'A worker needs chaincodes as modules, and has its own clock and storage',
    );
  }
  const { directory, chaincodes, verifyThreads, shareVerifications } = options;
  return startWorkerEngine({
    directory,
    chaincodes,
    ...(verifyThreads !== undefined && { verifyThreads }),
    ...(shareVerifications !== undefined && { shareVerifications }),
  });
}
