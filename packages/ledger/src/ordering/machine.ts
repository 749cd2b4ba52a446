import type { RawBlock } from './block.ts';
import type { Council, SignatureClaim } from './finality.ts';
import type { Certificate, FinalBlock, FinalSignature, Message, Proposal, ProposalId } from './messages.ts';
import type { SigningRecord } from './records.ts';

export type Event =
  /** Requests waiting for a block; told whenever the number may have become positive, and with every `committed`. */
  | { readonly kind: 'pending'; readonly requests: number }
  /** A message whose signatures (also those inside it) hold. */
  | { readonly kind: 'message'; readonly from: number; readonly message: Message }
  /** Whether the content of the proposal with this key may stand in the chain. */
  | { readonly kind: 'checked'; readonly key: string; readonly isValid: boolean }
  /** The timer set for this turn has run out. */
  | { readonly kind: 'timer'; readonly height: number; readonly turn: number }
  /** The connection to an authority is down or up again; it only shortens waiting. */
  | { readonly kind: 'link'; readonly authority: number; readonly isUp: boolean }
  /** The final block of this height (own or fetched) goes to the log: nothing is said at the height any more. */
  | { readonly kind: 'final'; readonly height: number }
  /** A final block (own or fetched) is in this authority's log; `council` is that of the configuration after it. */
  | {
      readonly kind: 'committed';
      readonly height: number;
      readonly council: Council;
      /** Requests still waiting. */
      readonly requests: number;
    };

export type Effect =
  /** To everyone else, or to one. */
  | { readonly kind: 'send'; readonly to: number | 'others'; readonly message: Message }
  /** Ask for a verdict on a proposal's content, to be given as `checked`. */
  | { readonly kind: 'check'; readonly proposal: Proposal }
  /** A block is final; to be written to the log, then `committed`. */
  | { readonly kind: 'decide'; readonly final: FinalBlock }
  /** Replaces the timer set before. */
  | { readonly kind: 'timer'; readonly height: number; readonly turn: number; readonly afterMs: number }
  /** Somebody is ahead: fetch final blocks from there. */
  | { readonly kind: 'catchUp'; readonly from: number; readonly height: number }
  /** Two different messages of one authority at one height and turn. */
  | {
      readonly kind: 'evidence';
      readonly authority: number;
      readonly first: ProposalId;
      readonly second: ProposalId;
      /** What the authority signed for each, so that anybody can check it. */
      readonly proof: readonly [SignatureClaim, SignatureClaim];
    };

/** Records must be durable before any of the effects happens. */
export interface Step {
  readonly records: readonly SigningRecord[];
  readonly effects: readonly Effect[];
}

/** What an authority needs and must not do by itself: keys, and cutting a batch of requests. Synchronous and without I/O. */
export interface AuthorityPorts {
  sign(message: Uint8Array): Uint8Array;
  signBlock(proposal: Proposal): Omit<FinalSignature, 'authority'>;
  /** A proposal of waiting requests, or of `repeat` where that is given; undefined when nothing waits. */
  propose(
    turn: number,
    certificate: Certificate | undefined,
    repeat: RawBlock | undefined,
  ): Proposal | undefined;
}

export interface AuthoritySettings {
  readonly self: number;
  readonly timeoutMs: number;
  /** How long to wait for an authority whose connection is down. */
  readonly downTimeoutMs: number;
}
