import { equalBytes, toHex } from '@healthchain/core';
import type { Verifier } from '../crypto/index.ts';
import { decodeBlock } from '../ordering/block.ts';
import { checkFinality, type ConsenterCouncil } from '../ordering/council.ts';
import type { Effect } from '../ordering/machine.ts';
import type { FinalBlock, Message, ProposalId } from '../ordering/messages.ts';
import { mustBeWellFormed } from '../ordering/parsed.ts';
import { openBlock } from '../ordering/turn-metadata.ts';
import { blockDataHash } from '../validation/index.ts';
import { describeId, shortHash } from './journal.ts';
import { requestKey } from './requests.ts';

/** What design/ledger.md section 4 promises, each by the name under which its breach is reported. */
export type PromiseCode =
  /** Two final blocks at one height. */
  | 'FORK'
  /** A final block that is missing in the end. */
  | 'LOST'
  /** An honest authority acknowledged or signed two blocks at one turn. */
  | 'SIGNED_TWICE'
  /** An honest authority signed a block of a turn that it had voted to pass over. */
  | 'SIGNED_AFTER_VOTE'
  /** An honest authority voted without the block that it had signed last. */
  | 'HID_SIGNED'
  /** Something was sent that a power cut could take out of the signing log. */
  | 'SENT_BEFORE_STORED'
  /** A block in an honest authority's log does not prove itself by the pure rules. */
  | 'UNPROVED'
  /** Evidence against an honest authority, or evidence that proves nothing. */
  | 'FALSE_EVIDENCE'
  /** Nothing was decided although a quorum was up and nothing failed. */
  | 'NO_PROGRESS'
  /** A message or a file made an honest authority stop. */
  | 'STOPPED';

export class BrokenPromise extends Error {
  readonly code: PromiseCode;

  constructor(code: PromiseCode, message: string, options?: ErrorOptions) {
    super(`${code}: ${message}`, options);
    this.code = code;
  }
}

const NO_BYTES = new Uint8Array();

/** Sees what honest authorities send and store, and remembers it better than they do. */
export class Promises {
  readonly #council: ConsenterCouncil;
  readonly #verifier: Verifier;
  readonly #liars: ReadonlySet<number>;
  readonly #ignored: ReadonlySet<PromiseCode>;
  readonly #finals: Uint8Array[] = [];
  readonly #blocks: Uint8Array[] = [];
  readonly #requests = new Set<string>();
  readonly #said = new Map<string, ProposalId>();
  readonly #voted = new Map<string, number>();
  readonly #signed = new Map<string, number>();
  broken: BrokenPromise | undefined;

  constructor(
    council: ConsenterCouncil,
    verifier: Verifier,
    liars: ReadonlySet<number>,
    ignored: readonly PromiseCode[],
  ) {
    this.#council = council;
    this.#liars = liars;
    this.#verifier = verifier;
    this.#ignored = new Set(ignored);
  }

  breaks(code: PromiseCode, message: string, cause?: unknown): void {
    if (!this.#ignored.has(code)) this.broken ??= new BrokenPromise(code, message, { cause });
  }

  /** Number of the next block that nobody has yet. */
  get height(): number {
    return this.#finals.length;
  }

  /** Header hash of a final block. */
  final(height: number): Uint8Array | undefined {
    return this.#finals[height];
  }

  /** A final block as one honest authority stored it. */
  block(height: number): Uint8Array | undefined {
    return this.#blocks[height];
  }

  /** An honest authority has appended a block to its log. */
  async stored(authority: number, number: number, bytes: Uint8Array): Promise<void> {
    const block = decodeBlock(bytes);
    const final = openBlock(block);
    this.#mustBeOnly(authority, final);
    if (equalBytes(this.#blocks[number] ?? NO_BYTES, bytes)) return;
    try {
      if (!equalBytes(blockDataHash(block.data), block.header.dataHash)) throw new Error('other data');
      mustBeWellFormed(block.header.number, block.data);
      await checkFinality(this.#council, this.#verifier, final);
    } catch (cause) {
      this.breaks('UNPROVED', `block ${number} in the log of ${authority}`, cause);
    }
    this.#blocks[number] ??= bytes;
    for (const envelope of block.data) this.#requests.add(requestKey(envelope));
  }

  /** Whether a final block holds this request. */
  holds(envelope: Uint8Array): boolean {
    return this.#requests.has(requestKey(envelope));
  }

  genesis(headerHash: Uint8Array, bytes: Uint8Array): void {
    this.#finals[0] = headerHash;
    this.#blocks[0] = bytes;
  }

  #mustBeOnly(authority: number, final: FinalBlock): void {
    const known = this.#finals[final.height];
    if (known === undefined) this.#finals[final.height] = final.headerHash;
    else if (!equalBytes(known, final.headerHash)) {
      const other = `${shortHash(known)} is final at ${final.height}`;
      this.breaks('FORK', `${authority} has ${describeId(final)}, but ${other}`);
    }
  }

  /** An honest authority keeps evidence against another. */
  accused({ authority, proof }: Extract<Effect, { kind: 'evidence' }>): void {
    const publicKey = this.#council.identityOf(authority)?.publicKey;
    const isProved = proof.every(
      ({ message, signature }) =>
        publicKey !== undefined && this.#verifier.verify({ publicKey, message, signature }),
    );
    if (!this.#liars.has(authority) || !isProved) this.breaks('FALSE_EVIDENCE', `against ${authority}`);
  }

  /** An honest authority is about to send a message. */
  sends(authority: number, message: Message, isStored: boolean): void {
    if (message.kind === 'height' || message.kind === 'certificate') return;
    if (!isStored) this.breaks('SENT_BEFORE_STORED', `${authority} a ${message.kind}`);
    if (message.kind === 'vote') this.#votes(authority, message.vote);
    else this.#says(authority, message);
  }

  #votes(authority: number, vote: Extract<Message, { kind: 'vote' }>['vote']): void {
    const place = `${authority}:${vote.height}`;
    this.#voted.set(place, Math.max(this.#voted.get(place) ?? -1, vote.turn));
    const signed = this.#signed.get(place) ?? -1;
    if ((vote.last?.turn ?? -1) < signed)
      this.breaks(
        'HID_SIGNED',
        `${authority} voted for ${vote.height}/${vote.turn}, signed at turn ${signed}`,
      );
  }

  #says(authority: number, message: Exclude<Message, { kind: 'height' | 'certificate' | 'vote' }>): void {
    const id = message.kind === 'proposal' ? message.proposal : message.id;
    const kind = message.kind === 'signature' ? 'signature' : 'acknowledgement';
    const place = `${authority}:${id.height}`;
    const key = `${kind}:${place}:${id.turn}`;
    const first = this.#said.get(key);
    if (first === undefined) this.#said.set(key, id);
    else if (
      toHex(first.headerHash) !== toHex(id.headerHash) ||
      toHex(first.valueHash) !== toHex(id.valueHash)
    )
      this.breaks('SIGNED_TWICE', `${kind} of ${authority}: ${describeId(first)} and ${describeId(id)}`);
    else return;
    if (kind === 'acknowledgement') return;
    this.#signed.set(place, Math.max(this.#signed.get(place) ?? -1, id.turn));
    if ((this.#voted.get(place) ?? -1) >= id.turn)
      this.breaks('SIGNED_AFTER_VOTE', `${authority} signed ${describeId(id)}`);
  }
}
