import { Deciding } from './deciding.ts';
import type { Council } from './finality.ts';
import type { AuthorityPorts, AuthoritySettings, Event, Step } from './machine.ts';
import type { Message } from './messages.ts';
import { Passing } from './passing.ts';
import type { SigningRecord } from './records.ts';
import { Round } from './round.ts';
import { Seat, type AuthorityStart } from './seat.ts';

/** Messages of the next height kept until this authority gets there. */
const MAX_EARLY_MESSAGES = 1000;

/**
 * One authority of one channel (design/ledger.md section 4): a deterministic machine. Time comes in as events, durability is
 * asked for by records, and it knows no transport. Two rounds: a block that a quorum has acknowledged is signed; a block
 * that a quorum, the proposer among them, has signed is final. At most one block can be acknowledged by a quorum at one
 * height and turn, and a signed one is carried by some vote of every later certificate, so no other can become final.
 */
export class Authority {
  readonly #seat: Seat;
  readonly #passing: Passing;
  readonly #deciding: Deciding;
  /** Durable records of later heights: the block log may end before them after a crash. */
  #later: readonly SigningRecord[];
  #early: { readonly from: number; readonly message: Message }[] = [];

  constructor(settings: AuthoritySettings, ports: AuthorityPorts, start: AuthorityStart) {
    this.#seat = new Seat(settings, ports, start);
    this.#passing = new Passing(this.#seat, () => this.#deciding.tryPropose());
    this.#deciding = new Deciding(this.#seat, this.#passing);
    this.#later = start.records;
    this.#takeUpRecords();
  }

  get height(): number {
    return this.#seat.height;
  }

  get turn(): number {
    return this.#seat.round.turn;
  }

  get proposer(): number {
    return this.#seat.proposer;
  }

  /** Of a height that is decided: nothing in it counts any more, whether its signatures hold or not. */
  isPast(message: Message): boolean {
    return message.kind !== 'height' && heightOf(message) < this.#seat.height;
  }

  /** What to do after a start: says again what may not have been heard. */
  resume(): Step {
    this.#repeat();
    if (this.#seat.isMember) this.#seat.send({ kind: 'height', height: this.#seat.height });
    this.#seat.armTimer();
    return this.#seat.takeStep();
  }

  handle(event: Event): Step {
    if (event.kind === 'committed') this.#onCommitted(event.height, event.council, event.requests);
    else if (event.kind === 'final') this.#onFinal(event.height);
    else if (event.kind === 'link') this.#onLink(event.authority, event.isUp);
    else if (event.kind === 'message') this.#onMessage(event.from, event.message);
    else if (this.#seat.isMember && !this.#seat.round.isDecided) this.#onLocal(event);
    if (event.kind === 'pending') this.#seat.pending = event.requests;
    return this.#seat.takeStep();
  }

  #onLocal(event: Extract<Event, { kind: 'pending' | 'checked' | 'timer' }>): void {
    if (event.kind === 'pending') {
      const begins = this.#seat.pending === 0;
      this.#seat.pending = event.requests;
      this.#deciding.tryPropose();
      if (begins) this.#seat.armTimer();
    } else if (event.kind === 'checked') this.#deciding.onChecked(event.key, event.isValid);
    else if (event.height === this.#seat.height && event.turn === this.#seat.round.turn)
      this.#passing.onTimer();
  }

  #onMessage(from: number, message: Message): void {
    if (!this.#seat.council.authorities.includes(from)) return;
    if (message.kind === 'height') {
      if (message.height > this.#seat.height)
        this.#seat.ask({ kind: 'catchUp', from, height: message.height });
      return;
    }
    const height = heightOf(message);
    if (height > this.#seat.height) this.#keepForLater(from, message, height);
    else if (height < this.#seat.height) this.#onPast(from, message);
    else if (this.#seat.isMember && !this.#seat.round.isDecided) this.#onCurrent(from, message);
  }

  #onCurrent(from: number, message: Exclude<Message, { kind: 'height' }>): void {
    if (message.kind === 'proposal')
      this.#deciding.onProposal(from, message.proposal, message.acknowledgement);
    else if (message.kind === 'acknowledgement')
      this.#deciding.onAcknowledgement(from, message.id, message.signature);
    else if (message.kind === 'signature') this.#deciding.onSignature(from, message);
    else if (message.kind === 'vote') this.#passing.onVote(message.vote, message.block);
    else this.#passing.onCertificate(message.certificate);
  }

  #keepForLater(from: number, message: Message, height: number): void {
    if (height === this.#seat.height + 1 && this.#early.length < MAX_EARLY_MESSAGES)
      this.#early.push({ from, message });
    if (height > this.#seat.height + 1 || !this.#seat.round.isDecided) {
      this.#seat.ask({ kind: 'catchUp', from, height });
    }
  }

  /** Who votes is behind; a signature may just have come after others' made a quorum. */
  #onPast(from: number, { kind }: Message): void {
    if (kind !== 'signature' && kind !== 'acknowledgement') this.#tellHeight(from);
  }

  #tellHeight(to: number): void {
    this.#seat.send({ kind: 'height', height: this.#seat.height }, to);
  }

  #onFinal(height: number): void {
    if (height === this.#seat.height) this.#seat.round.isDecided = true;
  }

  #onCommitted(height: number, council: Council, requests: number): void {
    if (height <= this.#seat.height) return;
    this.#seat.height = height;
    this.#seat.council = council;
    this.#seat.pending = requests;
    this.#seat.round = new Round();
    this.#takeUpRecords();
    this.#repeat();
    this.#seat.send({ kind: 'height', height });
    const early = this.#early;
    this.#early = [];
    this.#deciding.tryPropose();
    this.#seat.armTimer();
    for (const { from, message } of early) this.#onMessage(from, message);
  }

  #onLink(authority: number, isUp: boolean): void {
    if (isUp) this.#seat.down.delete(authority);
    else this.#seat.down.add(authority);
    if (!isUp && authority === this.#seat.proposer) this.#seat.armTimer();
    if (isUp) this.#tellHeight(authority);
  }

  #repeat(): void {
    if (!this.#seat.isMember) return;
    this.#deciding.repeat();
    this.#passing.repeat();
  }

  #takeUpRecords(): void {
    for (const record of this.#later)
      if (record.height === this.#seat.height) this.#seat.round.remember(record);
    this.#later = this.#later.filter(({ height }) => height > this.#seat.height);
  }
}

function heightOf(message: Exclude<Message, { kind: 'height' }>): number {
  if (message.kind === 'proposal') return message.proposal.height;
  if (message.kind === 'vote') return message.vote.height;
  if (message.kind === 'certificate') return message.certificate.height;
  return message.id.height;
}
