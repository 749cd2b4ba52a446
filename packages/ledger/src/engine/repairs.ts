import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { LedgerError } from '../error.ts';
import type { LedgerStorage } from '../storage/index.ts';
import type { RebuildReport, RepairReport } from './control.ts';
import { layout, type NodeName } from './layout.ts';
import type { Network } from './network.ts';
import { repairLedger } from './repair.ts';
import { repairOrderer } from './repair-orderer.ts';
import type { RunningNodes } from './running-nodes.ts';

/** Puts the files of one node right while the others go on. Calls must not overlap with other changes of that node. */
export class Repairs {
  readonly #network: Network;
  readonly #storage: LedgerStorage;
  readonly #nodes: RunningNodes;

  constructor(network: Network, storage: LedgerStorage, nodes: RunningNodes) {
    this.#network = network;
    this.#storage = storage;
    this.#nodes = nodes;
  }

  /** Of a node that does not run. @throws LedgerError NOT_FOUND, NOT_REPAIRABLE */
  async repair(node: NodeName, channel: string | undefined): Promise<RepairReport[]> {
    const reports: RepairReport[] = [];
    for (const channelId of this.#channels(node, channel)) {
      const directory = layout.nodeChannel(this.#network.directory, node.id, channelId);
      const report =
        node.kind === 'peer'
          ? await repairLedger(directory, this.#storage, (number) => this.#copies(channelId, number))
          : await repairOrderer(directory, this.#storage.files, this.#nodes.heights(channelId));
      reports.push({ channel: channelId, ...report });
    }
    return reports;
  }

  /** Drops state, history and indexes of a peer that does not run; its next start makes them again. @throws LedgerError NOT_FOUND */
  async dropState(peer: NodeName, channel: string | undefined): Promise<string[]> {
    const channels = this.#channels(peer, channel);
    for (const channelId of channels) {
      const directory = layout.nodeChannel(this.#network.directory, peer.id, channelId);
      await this.#storage.files.remove(join(directory, 'state'));
    }
    return channels;
  }

  /** What the rebuilt ledgers hold. */
  rebuilt(peer: NodeName, channels: readonly string[]): RebuildReport[] {
    return channels.map((channel) => {
      const { savepoint, height } = this.#nodes.ledger(peer.id, channel).store;
      return { channel, blocks: height, transactions: savepoint?.transactions ?? 0 };
    });
  }

  #channels(node: NodeName, wanted: string | undefined): string[] {
    const joined = this.#nodes.channelIds.filter((channelId) =>
      existsSync(layout.nodeChannel(this.#network.directory, node.id, channelId)),
    );
    if (wanted === undefined) return joined;
    if (joined.includes(wanted)) return [wanted];
    throw new LedgerError('NOT_FOUND', `${node.id} keeps nothing of ${wanted}; it has ${joined.join(', ')}`);
  }

  /** As other peers keep it, with its codes and commit hash. */
  async *#copies(channelId: string, number: number): AsyncGenerator<Uint8Array> {
    for (const { store } of this.#nodes.ledgers(channelId)) {
      const bytes = await store.block(number).catch(() => undefined);
      if (bytes !== undefined) yield bytes;
    }
  }
}
