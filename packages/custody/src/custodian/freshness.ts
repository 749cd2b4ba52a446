import { CustodyError } from '../errors.ts';
import type { Clock, LedgerView, RaiseAlarm, Tip } from '../ports.ts';

/** How far a custodian's peer may be behind the other organisations (custody.md section 3). */
const MAX_BEHIND_MS = 5_000;
/** Sightings closer together are kept as one. */
const SIGHTING_STEP_MS = 250;

interface Sighting {
  height: number;
  readonly since: number;
}

/**
 * What the other organisations say they have. A custodian decides on its own peer only while that peer keeps up with all of
 * them, and never again once two peers have different blocks at one height.
 */
export class Freshness {
  readonly #ledger: LedgerView;
  readonly #now: Clock;
  readonly #alarm: RaiseAlarm;
  readonly #sightings = new Map<string, Sighting[]>();
  /** The newest tip of each organisation that has not been compared with the own peer's block yet. */
  readonly #uncompared = new Map<string, Tip>();
  #fork: CustodyError | undefined;
  /** Organisations that the own peer is behind; each is told once. */
  readonly #ahead = new Set<string>();

  constructor(ledger: LedgerView, now: Clock, alarm: RaiseAlarm) {
    this.#ledger = ledger;
    this.#now = now;
    this.#alarm = alarm;
  }

  observe(mspId: string, tip: Tip): void {
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
    if (this.#fork !== undefined) throw this.#fork;
    const limit = this.#now() - MAX_BEHIND_MS;
    for (const [mspId, sightings] of this.#sightings) {
      const ahead = sightings.find(({ height, since }) => since <= limit && height > own.height);
      if (ahead === undefined) {
        this.#ahead.delete(mspId);
        continue;
      }
      const details = { organisation: mspId, theirs: ahead.height, own: own.height };
      if (!this.#ahead.has(mspId)) this.#alarm({ code: 'BEHIND', details });
      this.#ahead.add(mspId);
      throw new CustodyError('STALE', `The custodian's peer is behind that of ${mspId}`, { details });
    }
  }

  async #compare(own: Tip): Promise<void> {
    for (const [mspId, tip] of this.#uncompared) {
      if (tip.height > own.height) continue;
      const hash = tip.height === own.height ? own.headerHash : await this.#ledger.headerHash(tip.height);
      if (this.#uncompared.get(mspId) === tip) this.#uncompared.delete(mspId);
      if (hash !== undefined && hash !== tip.headerHash) this.#forked(mspId, tip.height);
    }
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
