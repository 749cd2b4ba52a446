import { join } from 'node:path';
import { LedgerError } from '../error.ts';
import type { Verifier } from '../crypto/index.ts';
import type { SigningIdentity } from '../ordering/envelope.ts';
import type { FileStore, OpenRows } from '../storage/index.ts';
import type { Chaincode } from './chaincode.ts';
import { PeerChannel } from './channel.ts';
import type { Endorsed } from './endorsed.ts';
import { Endorser } from './endorser.ts';
import type { BlockFeed } from './feed.ts';
import type { DecodedProposal } from './proposal.ts';

export interface PeerSettings {
  /** 'peer0.north' */
  readonly name: string;
  /** 'peer0.north.test:7051', as it stands in errors. */
  readonly address: string;
  readonly signer: SigningIdentity;
  readonly directory: string;
  readonly channels: readonly {
    readonly channelId: string;
    readonly genesis: Uint8Array;
    readonly feed: BlockFeed;
  }[];
  readonly chaincodes: ReadonlyMap<string, Chaincode>;
  readonly files: FileStore;
  readonly openRows: OpenRows;
  readonly verifier: Verifier;
  readonly clock: () => Date;
  /** Told while the state of a channel follows blocks that the peer has already. */
  readonly onReplay: (replay: {
    readonly channel: string;
    readonly done: number;
    readonly total: number;
  }) => void;
  readonly onFailure: (error: unknown) => void;
}

/** A running peer: its ledgers and its endorser. */
export class Peer {
  readonly #settings: PeerSettings;
  readonly #channels: ReadonlyMap<string, PeerChannel>;
  readonly #endorser: Endorser;
  #isStopped = false;

  private constructor(settings: PeerSettings, channels: ReadonlyMap<string, PeerChannel>) {
    this.#settings = settings;
    this.#channels = channels;
    this.#endorser = new Endorser({
      signer: settings.signer,
      verifier: settings.verifier,
      clock: settings.clock,
      chaincodes: settings.chaincodes,
      channel: (channelId) => channels.get(channelId),
      channels: () => [...channels.keys()],
    });
  }

  /** Opens all channels or none. @throws LedgerError BLOCK_CORRUPT, INDEX_CORRUPT when a ledger's files cannot be relied on */
  static async start(settings: PeerSettings): Promise<Peer> {
    const { name, files, openRows, verifier, onFailure } = settings;
    const channels = new Map<string, PeerChannel>();
    try {
      for (const { channelId, genesis, feed } of settings.channels) {
        const directory = join(settings.directory, channelId);
        const shared = { name, files, openRows, verifier, onFailure };
        const onReplay = (done: number, total: number): void =>
          settings.onReplay({ channel: channelId, done, total });
        const own = { channelId, directory, genesis, feed, onReplay };
        channels.set(channelId, await PeerChannel.open({ ...shared, ...own }));
      }
    } catch (error) {
      await Promise.all([...channels.values()].map((channel) => channel.stop()));
      throw error;
    }
    return new Peer(settings, channels);
  }

  get name(): string {
    return this.#settings.name;
  }

  get address(): string {
    return this.#settings.address;
  }

  get mspId(): string {
    return this.#settings.signer.mspId;
  }

  get serialized(): Uint8Array {
    return this.#settings.signer.serialized;
  }

  get isStopped(): boolean {
    return this.#isStopped;
  }

  get channels(): Iterable<PeerChannel> {
    return this.#channels.values();
  }

  channel(channelId: string): PeerChannel | undefined {
    return this.#channels.get(channelId);
  }

  /** Names of the chaincodes that it can run. */
  get chaincodes(): Iterable<string> {
    return this.#settings.chaincodes.keys();
  }

  hasChaincode(name: string): boolean {
    return this.#settings.chaincodes.has(name);
  }

  /** @throws ProposalRefused; LedgerError STOPPED when the peer is not there (any more) */
  async endorse(proposal: DecodedProposal): Promise<Endorsed> {
    if (this.#isStopped) throw this.#stopped();
    const endorsed = await this.#endorser.process(proposal);
    if (this.#isStopped) throw this.#stopped();
    return endorsed;
  }

  pause(): void {
    for (const channel of this.#channels.values()) channel.pause();
  }

  resume(): void {
    for (const channel of this.#channels.values()) channel.resume();
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    await Promise.all([...this.#channels.values()].map((channel) => channel.stop()));
  }

  #stopped(): LedgerError {
    return new LedgerError(
      'STOPPED',
      `rpc error: code = Unavailable desc = peer ${this.address} is not running`,
    );
  }
}
