import type { Council } from './finality.ts';
import type { AuthorityPorts, AuthoritySettings, Effect, Step } from './machine.ts';
import { acknowledgementBytes, type Message, type ProposalId } from './messages.ts';
import { quorumOf } from './quorum.ts';
import type { SigningRecord } from './records.ts';
import { idOf, isSameBlock, Round, type Statement } from './round.ts';

/** Turns are waited for longer the later they are, up to this factor. */
const MAX_BACKOFF = 32;

/** What an authority begins with. */
export interface AuthorityStart {
  readonly height: number;
  readonly council: Council;
  /** Durable records, in the order written. */
  readonly records: readonly SigningRecord[];
}

/** Where one authority stands: what it knows of the height, and the records and effects of the step it is in. */
export class Seat {
  readonly #settings: AuthoritySettings;
  readonly ports: AuthorityPorts;
  council: Council;
  height: number;
  /** The heights below, this authority takes no part in. */
  readonly #silentBelow: number;
  round = new Round();
  /** Requests that wait for a block. */
  pending = 0;
  /** Authorities whose connection is down. */
  readonly down = new Set<number>();
  #records: SigningRecord[] = [];
  #effects: Effect[] = [];

  constructor(
    settings: AuthoritySettings,
    ports: AuthorityPorts,
    { height, council, records }: AuthorityStart,
  ) {
    this.#silentBelow = Math.max(
      0,
      ...records.filter(({ kind }) => kind === 'silentBelow').map((record) => record.height),
    );
    this.#settings = settings;
    this.ports = ports;
    this.height = height;
    this.council = council;
  }

  get self(): number {
    return this.#settings.self;
  }

  get proposer(): number {
    return this.proposerOf(this.round.turn);
  }

  keep(record: SigningRecord): void {
    this.#records.push(record);
  }

  ask(effect: Effect): void {
    this.#effects.push(effect);
  }

  /** Only the first message of a kind at a turn counts. */
  isSecond(kind: string, authority: number, { id, signed }: Statement): boolean {
    if (this.round.isTooFarAhead(id.turn)) return true;
    const first = this.round.firstOf(kind, authority, { id: idOf(id), signed });
    if (first !== undefined && !isSameBlock(first.id, id)) {
      const proof = [first.signed(), signed()] as const;
      this.ask({ kind: 'evidence', authority, first: first.id, second: idOf(id), proof });
    }
    return first !== undefined;
  }

  /** What an authority says by an acknowledgement, also by the one in its proposal. */
  acknowledged(authority: number, id: ProposalId, signature: Uint8Array): Statement {
    const { channel } = this.council;
    return { id, signed: () => ({ authority, message: acknowledgementBytes(channel, id), signature }) };
  }

  armTimer(): void {
    if (!this.isMember || this.round.isDecided || !this.hasWork) return;
    const { turn, votedTurn } = this.round;
    const backoff = Math.min(2 ** Math.min(turn, 16), MAX_BACKOFF);
    const isAbsent = this.down.has(this.proposer) || !this.council.mayTakePart(this.proposer);
    const afterMs =
      isAbsent && votedTurn < turn ? this.#settings.downTimeoutMs : this.#settings.timeoutMs * backoff;
    this.ask({ kind: 'timer', height: this.height, turn, afterMs });
  }

  get hasWork(): boolean {
    return this.round.hasWork(this.pending);
  }

  get isMember(): boolean {
    return this.height >= this.#silentBelow && this.council.mayTakePart(this.self);
  }

  get quorum(): number {
    return quorumOf(this.council.authorities.length);
  }

  proposerOf(turn: number): number {
    return this.council.schedule.proposer(this.council.authorities, this.height, turn);
  }

  send(message: Message, to: number | 'others' = 'others'): void {
    this.ask({ kind: 'send', to, message });
  }

  takeStep(): Step {
    const step = { records: this.#records, effects: this.#effects };
    this.#records = [];
    this.#effects = [];
    return step;
  }
}
