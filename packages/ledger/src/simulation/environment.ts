import type { ConsenterCouncil } from '../ordering/council.ts';
import type { Verifier } from '../crypto/index.ts';
import type { Message } from '../ordering/messages.ts';
import type { FaultPlan } from './faults.ts';
import type { Disk } from './files.ts';
import type { Journal } from './journal.ts';
import type { Network } from './network.ts';
import type { Promises } from './promises.ts';
import type { Random } from './random.ts';
import type { Rules } from './rules.ts';
import type { Timeline } from './timeline.ts';

/** The patience of simulated authorities, as in the engine: a turn, and a turn whose proposer's connection is down. */
export const TIMEOUT_MS = 100;
export const DOWN_TIMEOUT_MS = 10;

/** Everything that simulated authorities share: the world they live in, all of it made from one seed. */
export interface Environment {
  readonly council: ConsenterCouncil;
  readonly verifier: Verifier;
  readonly sign: (authority: number, message: Uint8Array) => Uint8Array;
  readonly liars: ReadonlySet<number>;
  readonly random: Random;
  readonly timeline: Timeline;
  readonly network: Network;
  readonly plan: FaultPlan;
  readonly disk: Disk;
  readonly rules: Rules;
  readonly promises: Promises;
  readonly journal: Journal;
  /** False once the faults have ended; lies go on. */
  isFaulty(): boolean;
  /** The outcome of the real check, shared by all who receive the same message. */
  isAuthentic(from: number, message: Message): Promise<boolean>;
  /** Takes an honest authority's power. */
  cutPower(authority: number): void;
  /** An authority went down, or is up again. */
  tellLinks(authority: number, isUp: boolean): void;
  /** Blocks that one authority has from another, from `height` on; none where it cannot be reached. */
  fetch(by: number, from: number, height: number): Promise<Uint8Array[]>;
  /** A request that a client of the liars has signed. */
  mint(text: string): Uint8Array;
  /** Whether a client has really signed this. */
  isRequest(envelope: Uint8Array): boolean;
}
