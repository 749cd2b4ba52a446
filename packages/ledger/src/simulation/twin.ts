import { Authority } from '../ordering/authority.ts';
import { decodeBlock } from '../ordering/block.ts';
import type { Effect, Event, Step } from '../ordering/machine.ts';
import { proposalKey, type Message } from '../ordering/messages.ts';
import { makeProposal } from '../ordering/turn-metadata.ts';
import { DOWN_TIMEOUT_MS, TIMEOUT_MS, type Environment } from './environment.ts';
import { makeBlock } from './requests.ts';
import { signBlock } from './signing.ts';

/** How long it may pretend not to know a block that is final: some turns. */
const LONGEST_LAG_MS = 500;

/**
 * A machine that a liar runs, of which it may run several with one key: none of them remembers anything over a restart or
 * waits for a disk, and what they would send goes to the liar. It sees every final block.
 */
export class Twin {
  readonly #environment: Environment;
  readonly #says: (message: Message, to: number | 'others') => void;
  readonly #requests: Uint8Array[] = [];
  readonly #machine: Authority;
  #previousHash: Uint8Array;
  #timer = 0;

  constructor(id: number, environment: Environment, says: (message: Message, to: number | 'others') => void) {
    this.#environment = environment;
    this.#says = says;
    const { sign, council, promises } = environment;
    const height = promises.height;
    this.#previousHash = promises.final(height - 1) as Uint8Array;
    this.#machine = new Authority(
      { self: id, timeoutMs: TIMEOUT_MS, downTimeoutMs: DOWN_TIMEOUT_MS },
      {
        sign: (message) => sign(id, message),
        signBlock: (proposal) => signBlock(environment, id, proposal),
        propose: (turn, certificate, repeat) => {
          const at = { height: this.height, turn, certificate };
          if (repeat !== undefined) return makeProposal(repeat.header, repeat.data, { lastConfig: 0, ...at });
          return this.#requests.length === 0
            ? undefined
            : makeBlock(this.#previousHash, this.#requests.slice(0, 3), at);
        },
      },
      { height, council, records: [] },
    );
  }

  get height(): number {
    return this.#machine.height;
  }

  get turn(): number {
    return this.#machine.turn;
  }

  request(envelope: Uint8Array): void {
    this.#requests.push(envelope);
    this.handle({ kind: 'pending', requests: this.#requests.length });
  }

  handle(event: Event): void {
    this.#take(this.#machine.handle(event));
  }

  #take(step: Step): void {
    for (const effect of step.effects) this.#perform(effect);
  }

  #perform(effect: Effect): void {
    const { timeline, random } = this.#environment;
    if (effect.kind === 'send') this.#says(effect.message, effect.to);
    else if (effect.kind === 'check') {
      const key = proposalKey(effect.proposal);
      timeline.after(1, () => this.handle({ kind: 'checked', key, isValid: true }));
    } else if (effect.kind === 'timer') this.#setTimer(effect);
    else if (effect.kind === 'decide' || effect.kind === 'catchUp')
      timeline.after(random.between(0, LONGEST_LAG_MS), () => this.#follow());
  }

  #setTimer({ height, turn, afterMs }: Extract<Effect, { kind: 'timer' }>): void {
    const timer = ++this.#timer;
    this.#environment.timeline.after(afterMs, () => {
      if (timer === this.#timer) this.handle({ kind: 'timer', height, turn });
    });
  }

  /** Takes over what has become final anywhere. */
  #follow(): void {
    const { promises, council } = this.#environment;
    while (promises.height > this.height) {
      const final = promises.final(this.height);
      const bytes = promises.block(this.height);
      if (final === undefined || bytes === undefined) return;
      this.#previousHash = final;
      for (const envelope of decodeBlock(bytes).data) this.#forget(envelope);
      this.#take(
        this.#machine.handle({
          kind: 'committed',
          height: this.height + 1,
          council,
          requests: this.#requests.length,
        }),
      );
    }
  }

  #forget(envelope: Uint8Array): void {
    const place = this.#requests.findIndex((request) => Buffer.compare(request, envelope) === 0);
    if (place >= 0) this.#requests.splice(place, 1);
  }
}
