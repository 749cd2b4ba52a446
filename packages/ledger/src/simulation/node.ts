import { isRefusedInput } from '../error.ts';
import { BlockStore } from '../ordering/block-store.ts';
import type { Message } from '../ordering/messages.ts';
import { SigningLog } from '../ordering/signing-log.ts';
import type { Environment } from './environment.ts';
import { SimulatedFiles } from './files.ts';
import { Life, SIGNING, type Host } from './life.ts';
import { makeGenesis } from './requests.ts';

/** One honest authority: a machine whose files stay, and its lives from start to crash. */
export class AuthorityNode implements Host {
  readonly id: number;
  readonly files: SimulatedFiles;
  readonly #environment: Environment;
  #life: Life | undefined;
  #isStarting = false;
  /** Starts and crashes so far: a start that a crash overtakes comes to nothing. */
  #starts = 0;
  /** Requests that clients wait for; whoever restarts hears them again. */
  readonly #requests: readonly Uint8Array[];

  constructor(id: number, environment: Environment, requests: readonly Uint8Array[]) {
    this.id = id;
    this.#environment = environment;
    this.#requests = requests;
    const { random, timeline, plan, disk } = environment;
    this.files = new SimulatedFiles(random.fork(), disk, (done) => {
      timeline.after(environment.isFaulty() ? random.between(0, plan.diskMs) : 1, done);
    });
  }

  get isUp(): boolean {
    return this.#life !== undefined;
  }

  get height(): number {
    return this.#life?.height ?? 0;
  }

  /** Resolves when it is up, if no crash comes before. */
  async start(): Promise<void> {
    if (this.#life !== undefined || this.#isStarting) return;
    this.#isStarting = true;
    const starts = ++this.#starts;
    try {
      const life = await this.#begin();
      if (starts !== this.#starts) return;
      this.#life = life;
    } catch (error) {
      this.fails(error);
    }
    this.#isStarting = false;
    this.#environment.tellLinks(this.id, true);
    for (const request of this.#requests) this.request(request);
  }

  async #begin(): Promise<Life> {
    const { rules, journal, disk } = this.#environment;
    const files = this.files.openProcess({ syncs: rules.neverSyncs !== true });
    const store = await BlockStore.open(files, 'ordering', disk);
    if (store.height === 0) await store.append(0, [makeGenesis().bytes]);
    const { log, records } = await SigningLog.open(files, SIGNING, disk);
    const remembered = records.filter((record) => rules.remembers?.(record) ?? true);
    journal.note(() => `${this.id} starts at height ${store.height} with ${remembered.length} records`);
    return Life.begin(this, this.#environment, { store, log, records: remembered });
  }

  /** Ends the process; with `power`, what was not synced goes with it. */
  crash(power: boolean): void {
    if (this.#life === undefined && !this.#isStarting) return;
    this.#starts += 1;
    this.#life?.end();
    this.#life = undefined;
    this.#isStarting = false;
    const { journal, timeline, random, plan } = this.#environment;
    if (!power) this.files.endProcess();
    else if (this.files.cutPower() > 0) journal.fault('torn or lost write');
    journal.fault(power ? 'power cut' : 'process crash', () => `${this.id} stops`);
    this.#environment.tellLinks(this.id, false);
    if (plan.restartMs < Infinity) timeline.after(random.between(1, plan.restartMs), () => void this.start());
  }

  receive(from: number, message: Message): void {
    const life = this.#life;
    if (life === undefined) return;
    const isHeard = life.isPast(message)
      ? Promise.resolve(true)
      : this.#environment.isAuthentic(from, message);
    isHeard.then(
      (isTrue) => {
        if (isTrue) life.handle({ kind: 'message', from, message });
        else this.#environment.journal.note(() => `${this.id} refuses what ${from} sent`);
      },
      (error: unknown) => {
        if (!isRefusedInput(error)) this.fails(error);
      },
    );
  }

  request(envelope: Uint8Array): void {
    this.#life?.request(envelope);
  }

  setLink(authority: number, isUp: boolean): void {
    this.#life?.handle({ kind: 'link', authority, isUp });
  }

  /** Final blocks from `height` on, as another authority fetches them. */
  blocks(height: number): Promise<Uint8Array[]> {
    return this.#life?.blocks(height) ?? Promise.resolve([]);
  }

  fails(error: unknown): void {
    this.#environment.promises.breaks('STOPPED', `authority ${this.id}: ${String(error)}`, error);
  }
}
