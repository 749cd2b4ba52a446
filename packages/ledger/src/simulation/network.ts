import type { Message } from '../ordering/messages.ts';
import { describe, type Journal } from './journal.ts';
import type { FaultPlan } from './faults.ts';
import type { Random } from './random.ts';
import type { Timeline } from './timeline.ts';

/** What a message needs where nothing disturbs it. */
const QUICK_MS = 5;
/** How late a straggler may come: after many turns. */
const STRAGGLER_MS = 3000;

/** Carries messages late, twice, in another order, or not at all; a partition keeps its groups apart. */
export class Network {
  readonly #random: Random;
  readonly #timeline: Timeline;
  readonly #plan: FaultPlan;
  readonly #journal: Journal;
  readonly #liars: ReadonlySet<number>;
  readonly #receivers = new Map<number, (from: number, message: Message) => void>();
  /** Group of each authority; who is in none reaches everybody. */
  #groups: ReadonlyMap<number, number> = new Map();
  /** Until when an authority is cut off from everybody. */
  readonly #cutOff = new Map<number, number>();
  /** Whatever was sent before this and has not arrived is lost. */
  #lostBefore = -1;
  readonly #slow = new Map<number, number>();
  isFaulty = true;

  constructor(
    random: Random,
    timeline: Timeline,
    plan: FaultPlan,
    journal: Journal,
    liars: ReadonlySet<number>,
  ) {
    this.#liars = liars;
    this.#random = random;
    this.#timeline = timeline;
    this.#plan = plan;
    this.#journal = journal;
  }

  join(id: number, receive: (from: number, message: Message) => void): void {
    this.#receivers.set(id, receive);
  }

  split(groups: ReadonlyMap<number, number>): void {
    this.#groups = groups;
  }

  /** Everything to and from this authority takes so many times as long; 1 ends that. */
  slow(id: number, factor: number): void {
    this.#slow.set(id, factor);
  }

  /** Cuts an authority off, and takes what everybody has under way. */
  cutOff(id: number, forMs: number): void {
    this.#cutOff.set(id, this.#timeline.now + forMs);
    this.#lostBefore = this.#timeline.now;
  }

  areConnected(a: number, b: number): boolean {
    if (!this.isFaulty) return true;
    if (this.#isCutOff(a) || this.#isCutOff(b)) return false;
    const groupOfA = this.#groups.get(a);
    const groupOfB = this.#groups.get(b);
    return groupOfA === undefined || groupOfB === undefined || groupOfA === groupOfB;
  }

  #isCutOff(id: number): boolean {
    return (this.#cutOff.get(id) ?? 0) > this.#timeline.now;
  }

  send(from: number, to: number | 'others', message: Message): void {
    for (const id of this.#receivers.keys())
      if (id !== from && (to === 'others' || to === id)) this.#sendOne(from, id, message);
  }

  /** Milliseconds that something needs between two authorities; undefined when it is lost. */
  delay(from: number, to: number): number | undefined {
    const random = this.#random;
    if (!this.isFaulty) return random.between(0.5, QUICK_MS);
    if (random.chance(this.#plan.loss)) {
      this.#journal.fault('lost message');
      return undefined;
    }
    if (random.chance(this.#plan.straggling)) {
      this.#journal.fault('late message');
      return random.between(0, STRAGGLER_MS);
    }
    const factor = Math.max(this.#slow.get(from) ?? 1, this.#slow.get(to) ?? 1);
    return random.between(0.5, this.#plan.delayMs) * factor;
  }

  #sendOne(from: number, to: number, message: Message): void {
    const sentAt = this.#timeline.now;
    this.#deliver(from, to, message);
    if (!this.isFaulty || !this.#random.chance(this.#plan.duplication)) return;
    this.#journal.fault('duplicate message');
    this.#timeline.after(this.#random.between(0, STRAGGLER_MS), () => this.#hand(from, to, message, sentAt));
  }

  #deliver(from: number, to: number, message: Message): void {
    const isLost =
      !this.#passes(from, to, message) || (this.isFaulty && this.#random.chance(this.#lossOf(message)));
    if (isLost) this.#journal.fault(`lost ${message.kind}`);
    const delay = isLost ? undefined : this.delay(from, to);
    if (delay === undefined) this.#journal.note(() => `${from} -x ${to} ${describe(message)}`);
    else {
      const sentAt = this.#timeline.now;
      this.#timeline.after(delay, () => this.#hand(from, to, message, sentAt));
    }
  }

  #lossOf({ kind }: Message): number {
    const { kindLoss } = this.#plan;
    return kind === kindLoss.kind ? kindLoss.probability : 0;
  }

  /** Whether a siege lets a message through. */
  #passes(from: number, to: number, message: Message): boolean {
    if (!this.isFaulty || this.#liars.has(from)) return true;
    if (message.kind !== 'proposal' && message.kind !== 'acknowledgement' && message.kind !== 'signature')
      return true;
    const { height, turn } = message.kind === 'proposal' ? message.proposal : message.id;
    const siege = turn === 0 ? this.#plan.sieges.get(height) : undefined;
    if (siege === undefined) return true;
    return siege.few.has(to) && (message.kind !== 'signature' || to === siege.winner || this.#liars.has(to));
  }

  #hand(from: number, to: number, message: Message, sentAt: number): void {
    if (!this.areConnected(from, to) || sentAt <= this.#lostBefore) {
      this.#journal.fault('message cut off');
      return;
    }
    this.#journal.note(() => `${from} -> ${to} ${describe(message)}`);
    this.#receivers.get(to)?.(from, message);
  }
}
