import type { Effect, Step } from './machine.ts';
import type { SigningRecord } from './records.ts';

/**
 * Carries out an authority's steps in their order: the records of all steps that wait become durable in one write, then
 * their effects happen one after the other. Other work that must not mix with them runs in between.
 */
export class StepRunner {
  readonly #store: (records: readonly SigningRecord[]) => Promise<void>;
  readonly #perform: (effect: Effect) => Promise<void>;
  readonly #fail: (error: unknown) => void;
  #steps: Step[] = [];
  #running: Promise<void> | undefined;

  constructor(
    store: (records: readonly SigningRecord[]) => Promise<void>,
    perform: (effect: Effect) => Promise<void>,
    fail: (error: unknown) => void,
  ) {
    this.#store = store;
    this.#perform = perform;
    this.#fail = fail;
  }

  take(step: Step): void {
    if (step.records.length === 0 && step.effects.length === 0) return;
    this.#steps.push(step);
    this.#run();
  }

  /** Runs between steps; rejects as `work` does. */
  async between(work: () => Promise<void>): Promise<void> {
    while (this.#running !== undefined) await this.#running;
    const result = work();
    this.#running = result.catch(() => undefined).finally(() => this.#rest());
    await result;
  }

  /** Resolves when what has been taken so far is done. */
  async idle(): Promise<void> {
    while (this.#running !== undefined) await this.#running;
  }

  #run(): void {
    this.#running ??= this.#flush()
      .catch((error: unknown) => this.#fail(error))
      .finally(() => this.#rest());
  }

  #rest(): void {
    this.#running = undefined;
    if (this.#steps.length > 0) this.#run();
  }

  async #flush(): Promise<void> {
    await Promise.resolve();
    while (this.#steps.length > 0) {
      const steps = this.#steps;
      this.#steps = [];
      const records = steps.flatMap((step) => step.records);
      if (records.length > 0) await this.#store(records);
      for (const effect of steps.flatMap((step) => step.effects)) await this.#perform(effect);
    }
  }
}
