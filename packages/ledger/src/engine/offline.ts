import { join } from 'node:path';
import { NodeError } from '../node-error.ts';
import { diskFiles, LedgerStore, openLevel, decodeStateRow } from '../storage/index.ts';
import { layout } from './layout.ts';
import { openNetwork } from './network.ts';

/** A stopped peer's ledger, opened for reading; it must be closed before the peer can be started. */
export interface OfflineLedger {
  /** Number of blocks applied to the state. */
  readonly height: number;
  /** Marshalled common.Block messages from block 0 on. @throws NodeError BLOCK_CORRUPT at a damaged one */
  blocks(): AsyncIterable<Uint8Array>;
  /** Rows of the live state. @throws NodeError STATE_CORRUPT at a damaged one */
  state(): AsyncIterable<{
    readonly namespace: string;
    readonly key: string;
    readonly value: Uint8Array;
    readonly version: { readonly block: bigint; readonly transaction: bigint };
  }>;
  close(): Promise<void>;
}

/** @throws NodeError BAD_NETWORK, UNKNOWN_NODE, NOT_FOUND when the peer has not joined the channel */
export async function openOfflineLedger(options: {
  readonly directory: string;
  readonly peer: string;
  readonly channel: string;
}): Promise<OfflineLedger> {
  const network = openNetwork(options.directory);
  const node = network.nodes.find(({ id, kind }) => id === options.peer && kind === 'peer');
  if (node === undefined) throw new NodeError('UNKNOWN_NODE', `There is no peer ${options.peer}`);
  const directory = join(layout.node(options.directory, node.id), network.channel(options.channel).name);
  const { store } = await LedgerStore.open(diskFiles, openLevel, directory);
  if (store.height === 0) {
    await store.close();
    throw new NodeError('NOT_FOUND', `${options.peer} has not joined ${options.channel}`);
  }
  return {
    height: store.height,
    async *blocks() {
      for (let number = 0; number < store.height; number++) yield await store.block(number);
    },
    async *state() {
      const view = store.view();
      try {
        for await (const { namespace, key, row } of view.rows()) {
          const { value, version } = decodeStateRow(namespace, key, row);
          yield { namespace, key, value, version };
        }
      } finally {
        await view.close();
      }
    },
    close: () => store.close(),
  };
}
