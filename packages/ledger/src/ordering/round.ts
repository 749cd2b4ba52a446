import { equalBytes, toHex } from '@healthchain/core';
import type { RawBlock } from './block.ts';
import { carriedBlock, type SignatureClaim } from './finality.ts';
import {
  proposalKey,
  type Certificate,
  type FinalSignature,
  type Proposal,
  type ProposalId,
  type SignedAt,
  type Vote,
} from './messages.ts';
import type { SigningRecord } from './records.ts';

/** Turns ahead of its own that an authority keeps messages of; whoever sends more is not listened to. */
const MAX_TURNS_AHEAD = 1000;

/** What an authority has said of one proposal. `signed` gives the bytes and the signature. */
export interface Statement {
  readonly id: ProposalId;
  readonly signed: () => SignatureClaim;
}

/** Everything that one authority knows of one height; it ends with the height. */
export class Round {
  turn = 0;
  /** Allows the current turn; undefined at turn 0. */
  certificate: Certificate | undefined;
  proposal: Proposal | undefined;
  /** The content of the proposal may stand in the chain. */
  isChecked = false;
  isDecided = false;
  acknowledgedTurn = -1;
  votedTurn = -1;
  /** The block that this authority signed last. */
  last: SignedAt | undefined;
  /** Voters of earlier turns that have had an own vote as answer since the timer was set, with the turn. */
  readonly helped = new Set<string>();
  readonly #acknowledgements = new Map<string, Map<number, Uint8Array>>();
  readonly #signatures = new Map<string, Map<number, FinalSignature>>();
  readonly #votes = new Map<number, Map<number, Vote>>();
  readonly #blocks = new Map<string, RawBlock>();
  readonly #seen = new Map<string, Statement>();

  /** Takes up what was durable before a restart, in the order written. */
  remember(record: SigningRecord): void {
    if (record.kind === 'voted') this.votedTurn = Math.max(this.votedTurn, record.turn);
    else if (record.kind === 'signed') this.last = record.signed;
    else if (record.kind === 'acknowledged') {
      this.acknowledgedTurn = record.turn;
      this.keepBlock(record.proposal.headerHash, record.proposal.block);
      this.turn = record.turn;
      this.proposal = record.proposal;
      this.certificate = record.proposal.certificate;
      this.isChecked = true;
    }
  }

  enter(turn: number, certificate: Certificate | undefined): void {
    this.turn = turn;
    this.certificate = certificate;
    this.proposal = undefined;
    this.isChecked = false;
    this.helped.clear();
  }

  isTooFarAhead(turn: number): boolean {
    return turn > this.turn + MAX_TURNS_AHEAD;
  }

  keepBlock(headerHash: Uint8Array, block: RawBlock): void {
    this.#blocks.set(toHex(headerHash), block);
  }

  block(headerHash: Uint8Array): RawBlock | undefined {
    return this.#blocks.get(toHex(headerHash));
  }

  /** The block that the current turn's certificate obliges to be proposed again. */
  get carried(): SignedAt | undefined {
    return this.certificate === undefined ? undefined : carriedBlock(this.certificate);
  }

  acknowledgements(id: ProposalId): Map<number, Uint8Array> {
    return entryOf(this.#acknowledgements, proposalKey(id));
  }

  signatures(id: ProposalId): Map<number, FinalSignature> {
    return entryOf(this.#signatures, proposalKey(id));
  }

  votes(turn: number): Map<number, Vote> {
    return entryOf(this.#votes, turn);
  }

  /**
   * The first message of a kind that an authority sent at a turn, if this is not it; two of different blocks are evidence.
   */
  firstOf(kind: string, authority: number, statement: Statement): Statement | undefined {
    const key = `${kind}:${statement.id.turn}:${authority}`;
    const first = this.#seen.get(key);
    if (first === undefined) this.#seen.set(key, statement);
    return first;
  }

  /** Whether something is left to be decided, so that waiting for a proposer makes sense. */
  hasWork(pendingRequests: number): boolean {
    const isPassing = (this.#votes.get(this.turn)?.size ?? 0) > 0;
    const mustRepeat = this.carried !== undefined || this.last !== undefined;
    return pendingRequests > 0 || this.proposal !== undefined || mustRepeat || isPassing;
  }
}

export function idOf({ height, turn, headerHash, valueHash }: ProposalId): ProposalId {
  return { height, turn, headerHash, valueHash };
}

export function isSameBlock(a: ProposalId, b: ProposalId): boolean {
  return equalBytes(a.headerHash, b.headerHash);
}

function entryOf<K, A, B>(map: Map<K, Map<A, B>>, key: K): Map<A, B> {
  let entry = map.get(key);
  if (entry === undefined) {
    entry = new Map();
    map.set(key, entry);
  }
  return entry;
}
