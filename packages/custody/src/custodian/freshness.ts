import { CustodyError } from '../errors.ts';
import type { Clock, LedgerView, RaiseAlarm, Tip } from '../ports.ts';

/** How far a custodian's peer may be behind the other organisations (custody.md section 3). */
const MAX_BEHIND_MS = 5_000;
/** Sightings closer together are kept as one. */
const SIGHTING_STEP_MS = 250;
/** How long nothing is taken from an organisation that did not show what it said. */
const DISREGARD_MS = 5_000;

interface Sighting {
  height: number;
  readonly since: number;
}

/**
 * What the other organisations say they have. A custodian decides on its own peer only while that peer keeps up with all of
 * them, and never again once two peers have different blocks at one height. Words alone stop nobody: what would stop it has to be
 * shown, signed by the channel's orderers; who does not show it is named and not listened to for a while.
 */
export class Freshness {
  readonly #ledger: LedgerView;
  readonly #now: Clock;
  readonly #alarm: RaiseAlarm;
  readonly #sightings = new Map<string, Sighting[]>();
  /** The newest tip of each organisation that has not been compared with the own peer's block yet. */
  readonly #uncompared = new Map<string, Tip>();
  /** Questions under way: nothing is decided before they end. */
  readonly #asking = new Map<string, Promise<string | undefined>>();
  /** The highest block that each organisation has shown. */
  readonly #shown = new Map<string, number>();
  readonly #disregarded = new Map<string, number>();
  #fork: CustodyError | undefined;
  /** Organisations that the own peer is behind, and ones that showed nothing; each is told once. */
  readonly #ahead = new Set<string>();
  readonly #unproved = new Set<string>();

  constructor(ledger: LedgerView, now: Clock, alarm: RaiseAlarm) {
    this.#ledger = ledger;
    this.#now = now;
    this.#alarm = alarm;
  }

  observe(mspId: string, tip: Tip): void {
    if ((this.#disregarded.get(mspId) ?? 0) > this.#now()) return;
    this.#uncompared.set(mspId, tip);
    const sightings = this.#sightings.get(mspId) ?? [];
    this.#sightings.set(mspId, sightings);
    const last = sightings.at(-1);
    if (last !== undefined && tip.height <= last.height) return;
    if (last !== undefined && this.#now() - last.since < SIGHTING_STEP_MS) last.height = tip.height;
    else sightings.push({ height: tip.height, since: this.#now() });
    this.#forgetBefore(sightings);
  }

  /** @throws CustodyError STALE, FORKED: the custodian must not decide */
  async assertFresh(own: Tip): Promise<void> {
    await this.#compare(own);
    await Promise.all(this.#asking.values());
    if (this.#fork !== undefined) throw this.#fork;
    const limit = this.#now() - MAX_BEHIND_MS;
    for (const [mspId, sightings] of this.#sightings) {
      const ahead = sightings.find(({ height, since }) => since <= limit && height > own.height);
      if (ahead === undefined) this.#ahead.delete(mspId);
      else if (await this.#hasShown(mspId, own.height + 1))
        throw this.#behind(mspId, ahead.height, own.height);
    }
  }

  async #compare(own: Tip): Promise<void> {
    for (const [mspId, tip] of this.#uncompared) {
      if (tip.height > own.height) continue;
      const hash = tip.height === own.height ? own.headerHash : await this.#ledger.headerHash(tip.height);
      if (this.#uncompared.get(mspId) === tip) this.#uncompared.delete(mspId);
      if (hash === undefined || hash === tip.headerHash) continue;
      const shown = await this.#ask(mspId, tip.height);
      if (shown === undefined || shown === hash) this.#disregard(mspId);
      else this.#forked(mspId, tip.height);
    }
  }

  /** Does the organisation have a block that the own peer misses? */
  async #hasShown(mspId: string, height: number): Promise<boolean> {
    if ((this.#shown.get(mspId) ?? -1) >= height) return true;
    if ((await this.#ask(mspId, height)) === undefined) {
      this.#disregard(mspId);
      return false;
    }
    this.#shown.set(mspId, height);
    this.#unproved.delete(mspId);
    return true;
  }

  #ask(mspId: string, height: number): Promise<string | undefined> {
    const question = `${mspId} ${height}`;
    const asked = this.#asking.get(question);
    if (asked !== undefined) return asked;
    const asking = this.#ledger.shown(mspId, height).finally(() => this.#asking.delete(question));
    this.#asking.set(question, asking);
    return asking;
  }

  #disregard(mspId: string): void {
    this.#sightings.delete(mspId);
    this.#uncompared.delete(mspId);
    this.#disregarded.set(mspId, this.#now() + DISREGARD_MS);
    if (!this.#unproved.has(mspId)) this.#alarm({ code: 'UNPROVED', details: { organisation: mspId } });
    this.#unproved.add(mspId);
  }

  #behind(mspId: string, theirs: number, own: number): CustodyError {
    const details = { organisation: mspId, theirs, own };
    if (!this.#ahead.has(mspId)) this.#alarm({ code: 'BEHIND', details });
    this.#ahead.add(mspId);
    return new CustodyError('STALE', `The custodian's peer is behind that of ${mspId}`, { details });
  }

  #forked(mspId: string, height: number): void {
    const details = { organisation: mspId, height };
    this.#fork ??= new CustodyError('FORKED', `The peer of ${mspId} has another block ${height}`, {
      details,
    });
    this.#alarm({ code: 'FORK', details });
  }

  /** Of what is older than the limit only the newest sighting matters. */
  #forgetBefore(sightings: Sighting[]): void {
    const limit = this.#now() - MAX_BEHIND_MS;
    while (sightings[1] !== undefined && sightings[1].since <= limit) sightings.shift();
  }
}
