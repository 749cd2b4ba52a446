import type { Message } from '../ordering/messages.ts';
import type { Environment } from './environment.ts';
import { ACCOMPLICE, LIES, type Lie, type LieContext } from './lies.ts';
import type { Random } from './random.ts';
import { Twin } from './twin.ts';

/** How often a liar thinks of something by itself. */
const IDEA_MS = 40;
/** Probability that a message of one twin goes to the other's part too, which shows the lie. */
const LEAK = 0.25;
/** What a liar keeps of what it has heard, to say it again. */
const HEARD_MESSAGES = 60;

export interface LiarSettings {
  readonly lies: readonly Lie[];
  /** Runs two machines with one key, each talking to its own part of the others. */
  readonly hasTwins: boolean;
  /** Probability that a lie is told where it could be. */
  readonly zeal: number;
}

export function drawLiar(random: Random): LiarSettings {
  if (random.chance(0.5)) return { lies: ACCOMPLICE, hasTwins: random.chance(0.5), zeal: 1 };
  return {
    lies: random.chance(0.3) ? [] : random.sample(LIES, 1 + random.below(3)),
    hasTwins: random.chance(0.6),
    zeal: random.pick([0.2, 0.6, 1]),
  };
}

/** An authority that lies: it has its own key and everything it has heard, and nobody else's key. */
export class Liar {
  readonly id: number;
  readonly #environment: Environment;
  readonly #random: Random;
  readonly #settings: LiarSettings;
  readonly #twins: Twin[];
  readonly #heard: Message[] = [];
  #minted = 0;
  /** Liars that work together talk to the same halves. */
  readonly #sideOf: (authority: number, height: number) => number;

  constructor(
    id: number,
    environment: Environment,
    settings: LiarSettings,
    sideOf: (authority: number, height: number) => number,
  ) {
    this.id = id;
    this.#environment = environment;
    this.#random = environment.random.fork();
    this.#settings = settings;
    this.#sideOf = sideOf;
    const sides = settings.hasTwins ? [0, 1] : [0];
    this.#twins = sides.map(
      (side) => new Twin(id, environment, (message, to) => this.#says(side, message, to)),
    );
    this.#haveIdeas();
  }

  receive(from: number, message: Message): void {
    this.#heard.push(message);
    if (this.#heard.length > HEARD_MESSAGES) this.#heard.shift();
    for (const twin of this.#twins) twin.handle({ kind: 'message', from, message });
    for (const lie of this.#settings.lies)
      if (lie.onHearing !== undefined) this.#tell(lie.name, lie.onHearing(this.#context(), message));
  }

  request(envelope: Uint8Array): void {
    const [first, second] = this.#twins;
    second?.request(this.#environment.mint(`request of ${this.id}, ${this.#minted++}`));
    first?.request(envelope);
  }

  /** What it gives to somebody who fetches its blocks. */
  blocks(height: number): Uint8Array[] {
    const found: Uint8Array[] = [];
    const { promises } = this.#environment;
    for (let number = height; number < promises.height; number++) {
      const block = promises.block(number);
      if (block === undefined) break;
      found.push(this.#alterBlock(block));
    }
    return found;
  }

  #alterBlock(block: Uint8Array): Uint8Array {
    for (const lie of this.#settings.lies) {
      if (lie.block === undefined || !this.#random.chance(this.#settings.zeal)) continue;
      this.#environment.journal.fault(`lie: ${lie.name}`);
      return lie.block(this.#context(), block);
    }
    return block;
  }

  #says(side: number, message: Message, to: number | 'others'): void {
    const { council, network } = this.#environment;
    const height = heightOf(message) ?? 0;
    for (const id of council.authorities) {
      if (id === this.id || (to !== 'others' && to !== id)) continue;
      if (this.#twins.length > 1 && this.#sideOf(id, height) !== side && !this.#random.chance(LEAK)) continue;
      for (const said of this.#alter(message, id)) network.send(this.id, id, said);
    }
    if (this.#twins.length > 1 && message.kind === 'proposal') this.#environment.journal.fault('lie: twins');
  }

  #alter(message: Message, to: number): readonly Message[] {
    for (const lie of this.#settings.lies) {
      if (lie.instead === undefined || !this.#random.chance(this.#settings.zeal)) continue;
      const said = lie.instead(this.#context(), message, to);
      if (said === undefined) continue;
      this.#environment.journal.fault(`lie: ${lie.name}`);
      return said;
    }
    return [message];
  }

  #haveIdeas(): void {
    this.#environment.timeline.after(this.#random.between(1, 2 * IDEA_MS), () => {
      this.#haveIdeas();
      for (const lie of this.#settings.lies)
        if (lie.idea !== undefined && this.#random.chance(this.#settings.zeal / 2))
          this.#tell(lie.name, lie.idea(this.#context()));
    });
  }

  #tell(name: string, messages: readonly Message[]): void {
    for (const message of messages) {
      this.#environment.journal.fault(`lie: ${name}`);
      for (const to of this.#random.sample(this.#environment.council.authorities, 7))
        if (to !== this.id && this.#random.chance(0.8)) this.#environment.network.send(this.id, to, message);
    }
  }

  #context(): LieContext {
    const [twin] = this.#twins;
    return {
      id: this.id,
      environment: this.#environment,
      random: this.#random,
      height: twin?.height ?? 1,
      turn: twin?.turn ?? 0,
      heard: this.#heard,
    };
  }
}

function heightOf(message: Message): number | undefined {
  if (message.kind === 'height') return undefined;
  if (message.kind === 'proposal') return message.proposal.height;
  if (message.kind === 'vote') return message.vote.height;
  if (message.kind === 'certificate') return message.certificate.height;
  return message.id.height;
}
