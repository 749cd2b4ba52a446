import { utf8 } from '@healthchain/core';
import { encodeBlock } from '../ordering/block.ts';
import { encodeEnvelope } from '../ordering/envelope.ts';
import type { Proposal } from '../ordering/messages.ts';
import { openBlock, makeProposal, sealBlock } from '../ordering/turn-metadata.ts';
import { blockDataHash } from '../validation/index.ts';

/** A client's envelope, in the only form that a block may hold. */
export function makeRequest(text: string): Uint8Array {
  return encodeEnvelope(utf8(text), utf8('client'));
}

/** Block 0, the same for every authority. */
export function makeGenesis(): { readonly headerHash: Uint8Array; readonly bytes: Uint8Array } {
  const proposal = makeBlock(new Uint8Array(32), [makeRequest('genesis')], { height: 0, turn: 0 });
  const block = sealBlock({ ...openBlock(proposal.block), signatures: [] });
  return { headerHash: proposal.headerHash, bytes: encodeBlock(block) };
}

export function makeBlock(
  previousHash: Uint8Array,
  data: readonly Uint8Array[],
  at: { readonly height: number; readonly turn: number; readonly certificate?: Proposal['certificate'] },
): Proposal {
  const header = { number: BigInt(at.height), previousHash, dataHash: blockDataHash(data) };
  return makeProposal(header, data, { lastConfig: 0, certificate: undefined, ...at });
}

export function requestKey(envelope: Uint8Array): string {
  return Buffer.from(envelope.buffer, envelope.byteOffset, envelope.length).toString('latin1');
}

/** What one process has heard of and its log does not hold yet. */
export class WaitingRequests {
  readonly #waiting = new Map<string, Uint8Array>();
  readonly #ordered = new Set<string>();

  get size(): number {
    return this.#waiting.size;
  }

  all(): Uint8Array[] {
    return [...this.#waiting.values()];
  }

  /** False when it waits already, or is in a block. */
  add(envelope: Uint8Array): boolean {
    const key = requestKey(envelope);
    if (this.#waiting.has(key) || this.#ordered.has(key)) return false;
    this.#waiting.set(key, envelope);
    return true;
  }

  /** A block of the log holds it. */
  remove(envelope: Uint8Array): void {
    const key = requestKey(envelope);
    this.#waiting.delete(key);
    this.#ordered.add(key);
  }
}
