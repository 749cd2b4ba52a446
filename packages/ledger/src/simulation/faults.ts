import type { Message } from '../ordering/messages.ts';
import { quorumOf } from '../ordering/quorum.ts';
import type { Random } from './random.ts';

/** How long a schedule disturbs, in simulated milliseconds. */
const SHORTEST_MS = 300;
const LONGEST_MS = 1500;
const MOST_REQUESTS = 6;
/** Blocks of which a schedule may besiege each: more than it decides. */
const MOST_HEIGHTS = 12;
/** Many turns of the others. */
const LONGEST_SIEGE_MS = 1200;

interface Span {
  readonly at: number;
  readonly forMs: number;
}

/**
 * The worst network for a block: a bare quorum, the liars among it, hears of its turn 0; of them one gets their signatures and is
 * cut off as soon as it has the block. What liars send goes where they want.
 */
export interface Siege {
  readonly few: ReadonlySet<number>;
  readonly winner: number;
  readonly forMs: number;
  /** The rest of the few lose power when the winner has the block. */
  readonly cutsPower: boolean;
}

interface KindChance {
  readonly kind: Message['kind'];
  readonly probability: number;
}

const KINDS: readonly Message['kind'][] = [
  'proposal',
  'acknowledgement',
  'signature',
  'vote',
  'certificate',
  'height',
];
const NO_KIND: KindChance = { kind: 'height', probability: 0 };

/** What one schedule does to its authorities until `endMs`; from then on nothing but lies. */
export interface FaultPlan {
  readonly endMs: number;
  /** The longest time of a message that nothing else delays. */
  readonly delayMs: number;
  /** The longest time of a sync. */
  readonly diskMs: number;
  /** Probabilities for each message. */
  readonly loss: number;
  readonly duplication: number;
  readonly straggling: number;
  /** Loss of one kind of message, beside `loss`. */
  readonly kindLoss: KindChance;
  /** By height: what is done so that one authority alone has the block of turn 0. */
  readonly sieges: ReadonlyMap<number, Siege>;
  /** Probability that an authority is cut off as soon as it has a block that others may lack. */
  readonly ambush: number;
  /** Probability of a crash at each point of an authority's work: before and after storing, between sends, before a block's log. */
  readonly crash: number;
  /** A crash right after one kind of message has been sent. */
  readonly crashAfter: KindChance;
  /** Of a crash, that it takes what was not synced. */
  readonly powerShare: number;
  readonly restartMs: number;
  /** Whether authorities notice at once that a connection went down. */
  readonly tellsLinks: boolean;
  readonly partitions: readonly (Span & { readonly groups: ReadonlyMap<number, number> })[];
  readonly slownesses: readonly (Span & { readonly authority: number; readonly factor: number })[];
  /** Crashes at a time of the clock: of one authority, or of all at once. */
  readonly crashes: readonly { readonly at: number; readonly authority: number | 'all' }[];
  /** When clients hand in requests. */
  readonly requests: readonly number[];
}

export const NO_FAULTS: FaultPlan = {
  endMs: 0,
  delayMs: 5,
  diskMs: 1,
  loss: 0,
  duplication: 0,
  straggling: 0,
  kindLoss: NO_KIND,
  sieges: new Map(),
  ambush: 0,
  crash: 0,
  crashAfter: NO_KIND,
  powerShare: 0,
  restartMs: 1,
  tellsLinks: false,
  partitions: [],
  slownesses: [],
  crashes: [],
  requests: [],
};

/** A plan in which every kind of fault is there in some schedules and absent in others. Liars are never cut off. */
export function drawPlan(
  random: Random,
  authorities: readonly number[],
  honest: readonly number[],
): FaultPlan {
  const endMs = random.between(SHORTEST_MS, LONGEST_MS);
  const sometimes = (probability: number, most: number): number =>
    random.chance(probability) ? random.between(0, most) : 0;
  const times = <T>(most: number, make: () => T): T[] => Array.from({ length: random.below(most + 1) }, make);
  const span = (): Span => ({ at: random.between(0, endMs), forMs: random.between(50, endMs) });
  return {
    endMs,
    delayMs: random.pick([2, 10, 30, 80]),
    diskMs: random.pick([0, 2, 20]),
    loss: sometimes(0.5, 0.3),
    duplication: sometimes(0.3, 0.2),
    straggling: sometimes(0.3, 0.2),
    kindLoss: { kind: random.pick(KINDS), probability: sometimes(0.5, 0.9) },
    sieges: random.chance(0.5) ? drawSieges(random, authorities, honest) : new Map(),
    ambush: sometimes(0.5, 1),
    crash: sometimes(0.5, 0.04),
    crashAfter: { kind: random.pick(KINDS), probability: sometimes(0.3, 0.5) },
    powerShare: random.pick([0, 0.5, 1]),
    restartMs: random.pick([5, 100, 600]),
    tellsLinks: random.chance(0.5),
    partitions: times(2, () => ({ ...span(), groups: halves(random, honest) })),
    slownesses: times(1, () => ({
      ...span(),
      authority: random.pick(honest),
      factor: random.pick([5, 20, 60]),
    })),
    crashes: times(3, () => ({
      at: random.between(0, endMs),
      authority: random.chance(0.25) ? ('all' as const) : random.pick(honest),
    })),
    requests: [0, 0, 0, ...times(MOST_REQUESTS - 1, () => random.between(0, endMs))],
  };
}

function halves(random: Random, honest: readonly number[]): ReadonlyMap<number, number> {
  return new Map(honest.map((id) => [id, random.below(2)]));
}

function drawSieges(
  random: Random,
  authorities: readonly number[],
  honest: readonly number[],
): ReadonlyMap<number, Siege> {
  const liars = authorities.filter((id) => !honest.includes(id));
  const draw = (): Siege => {
    const few = random.sample(honest, quorumOf(authorities.length) - liars.length);
    const forMs = random.between(0, LONGEST_SIEGE_MS);
    return {
      few: new Set([...liars, ...few]),
      winner: random.pick(few),
      forMs,
      cutsPower: random.chance(0.3),
    };
  };
  return new Map(
    Array.from({ length: MOST_HEIGHTS }, (_, i) => [i + 1, draw()] as const).filter(() => random.chance(0.7)),
  );
}
