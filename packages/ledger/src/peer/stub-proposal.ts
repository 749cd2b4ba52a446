import { createHash } from 'node:crypto';
import { parseSerializedIdentity } from '../msp/index.ts';
import type { DecodedProposal } from './proposal.ts';

export interface ProposalContext {
  readonly channelId: string;
  readonly proposal: DecodedProposal;
  readonly args: readonly Uint8Array[];
  readonly mspId: string;
}

/** The part of a contract's stub that the proposal answers: nothing here is read from the ledger. */
export class ProposalStub {
  readonly #context: ProposalContext;
  readonly #args: Buffer[];

  constructor(context: ProposalContext) {
    this.#context = context;
    this.#args = context.args.map((arg) => Buffer.from(arg));
  }

  getArgs(): string[] {
    return this.#args.map((arg) => arg.toString());
  }

  getStringArgs(): string[] {
    return this.getArgs();
  }

  getBufferArgs(): Buffer[] {
    return this.#args;
  }

  getFunctionAndParameters(): { fcn: string; params: string[] } {
    const [fcn = '', ...params] = this.getArgs();
    return { fcn, params };
  }

  getTxID(): string {
    return this.#context.proposal.txId;
  }

  getChannelID(): string {
    return this.#context.channelId;
  }

  getCreator(): { mspid: string; idBytes: Buffer } {
    const { mspId, certificate } = parseSerializedIdentity(this.#context.proposal.creator);
    return { mspid: mspId, idBytes: Buffer.from(certificate) };
  }

  getMspID(): string {
    return this.#context.mspId;
  }

  getTransient(): Map<string, Buffer> {
    return new Map([...this.#context.proposal.transient].map(([name, value]) => [name, Buffer.from(value)]));
  }

  getSignedProposal(): { signature: Buffer; proposal: { header: unknown; payload: Buffer } } {
    const { proposal } = this.#context;
    return {
      signature: Buffer.from(proposal.signature),
      proposal: {
        header: {
          signatureHeader: { nonce: Buffer.from(proposal.nonce), creator_u8: Buffer.from(proposal.creator) },
        },
        payload: Buffer.from(proposal.payloadWithoutTransient),
      },
    };
  }

  getTxTimestamp(): { seconds: LongLike; nanos: number } {
    const { timestamp } = this.#context.proposal;
    return { seconds: longLike(Number(timestamp?.seconds ?? 0n)), nanos: timestamp?.nanos ?? 0 };
  }

  getDateTimestamp(): Date {
    const { timestamp } = this.#context.proposal;
    return new Date(Number(timestamp?.seconds ?? 0n) * 1000 + Math.floor((timestamp?.nanos ?? 0) / 1e6));
  }

  /** SHA-256 over nonce, creator and epoch. */
  getBinding(): string {
    const { nonce, creator, epoch } = this.#context.proposal;
    const littleEndian = Buffer.alloc(8);
    littleEndian.writeBigUInt64LE(epoch);
    return createHash('sha256').update(nonce).update(creator).update(littleEndian).digest('hex');
  }
}

/** The part of `long`'s Long that contracts use of a timestamp. */
export interface LongLike {
  readonly low: number;
  readonly high: number;
  toNumber(): number;
  toInt(): number;
  toString(): string;
  valueOf(): number;
}

function longLike(value: number): LongLike {
  return {
    low: (value % 2 ** 32) | 0,
    high: Math.floor(value / 2 ** 32) | 0,
    toNumber: () => value,
    toInt: () => value,
    toString: () => String(value),
    valueOf: () => value,
  };
}
