import type { Verifier } from '../crypto/index.ts';
import type { DeliveredBlock } from './block.ts';
import type { SigningIdentity } from './envelope.ts';
import type { Effect } from './machine.ts';
import type { Message } from './messages.ts';

/** How authorities of one channel reach each other; delivery is not promised. */
export interface OrderingNetwork {
  send(from: number, to: number | 'others', message: Message): void;
  /** Final blocks of another authority from `height` on; empty when it cannot be reached. */
  blocks(from: number, height: number): AsyncIterable<Uint8Array>;
}

export interface OrdererSettings {
  readonly self: number;
  readonly signer: SigningIdentity;
  readonly verifier: Verifier;
  readonly network: OrderingNetwork;
  readonly clock: () => Date;
  readonly timeoutMs: number;
  readonly downTimeoutMs: number;
  /** Called with every block once it is final here. */
  readonly onBlock: (delivered: DeliveredBlock) => void;
  readonly onEvidence: (effect: Extract<Effect, { kind: 'evidence' }>) => void;
  /** The node can no longer keep its promises (its disk fails): it must stop. */
  readonly onFailure: (error: unknown) => void;
}
