import { isCertificate, isProposalAllowed, type Council } from './finality.ts';
import type { AuthorityPorts, AuthoritySettings, Effect, Event, Step } from './machine.ts';
import {
  acknowledgementBytes,
  proposalKey,
  voteBytes,
  type Certificate,
  type FinalSignature,
  type Message,
  type Proposal,
  type ProposalId,
  type Vote,
} from './messages.ts';
import type { RawBlock } from './block.ts';
import { quorumOf, toleratedFaults } from './quorum.ts';
import type { SigningRecord } from './records.ts';
import { idOf, isSameBlock, Round } from './round.ts';

/** Turns are waited for longer the later they are, up to this factor. */
const MAX_BACKOFF = 32;
/** Messages of the next height kept until this authority gets there. */
const MAX_EARLY_MESSAGES = 1000;

/**
 * One authority of one channel (design/ledger.md section 4): a deterministic machine. Time comes in as events, durability is
 * asked for by records, and it knows no transport. Two rounds: a block that a quorum has acknowledged is signed; a block
 * that a quorum, the proposer among them, has signed is final. At most one block can be acknowledged by a quorum at one
 * height and turn, and a signed one is carried by some vote of every later certificate, so no other can become final.
 */
export class Authority {
  readonly #settings: AuthoritySettings;
  readonly #ports: AuthorityPorts;
  #council: Council;
  #height: number;
  #round = new Round();
  /** Durable records of later heights: the block log may end before them after a crash. */
  #later: readonly SigningRecord[];
  #pending = 0;
  #early: { readonly from: number; readonly message: Message }[] = [];
  readonly #down = new Set<number>();
  #records: SigningRecord[] = [];
  #effects: Effect[] = [];

  constructor(
    settings: AuthoritySettings,
    ports: AuthorityPorts,
    start: { readonly height: number; readonly council: Council; readonly records: readonly SigningRecord[] },
  ) {
    this.#settings = settings;
    this.#ports = ports;
    this.#council = start.council;
    this.#height = start.height;
    this.#later = start.records;
    this.#takeUpRecords();
  }

  get height(): number {
    return this.#height;
  }

  get turn(): number {
    return this.#round.turn;
  }

  get proposer(): number {
    return this.#proposerOf(this.#round.turn);
  }

  /** What to do after a start: says again what may not have been heard. */
  resume(): Step {
    if (this.#isMember) this.#repeat();
    this.#armTimer();
    return this.#step();
  }

  handle(event: Event): Step {
    if (event.kind === 'committed') this.#onCommitted(event.height, event.council, event.requests);
    else if (event.kind === 'link') this.#onLink(event.authority, event.isUp);
    else if (event.kind === 'message') this.#onMessage(event.from, event.message);
    else if (this.#isMember && !this.#round.isDecided) this.#onLocal(event);
    if (event.kind === 'pending') this.#pending = event.requests;
    return this.#step();
  }

  #onLocal(event: Extract<Event, { kind: 'pending' | 'checked' | 'timer' }>): void {
    if (event.kind === 'pending') {
      const hadWork = this.#hasWork;
      this.#pending = event.requests;
      this.#tryPropose();
      if (!hadWork) this.#armTimer();
    } else if (event.kind === 'checked') this.#onChecked(event.key, event.isValid);
    else if (event.height === this.#height && event.turn === this.#round.turn) this.#onTimer();
  }

  #onMessage(from: number, message: Message): void {
    if (!this.#council.authorities.includes(from)) return;
    if (message.kind === 'height') {
      if (message.height > this.#height)
        this.#effects.push({ kind: 'catchUp', from, height: message.height });
      return;
    }
    const height = heightOf(message);
    if (height > this.#height) this.#keepForLater(from, message, height);
    else if (height < this.#height) this.#tellHeight(from);
    else if (this.#isMember && !this.#round.isDecided) this.#onCurrent(from, message);
  }

  #onCurrent(from: number, message: Exclude<Message, { kind: 'height' }>): void {
    if (message.kind === 'proposal') this.#onProposal(from, message.proposal, message.acknowledgement);
    else if (message.kind === 'acknowledgement') this.#onAcknowledgement(from, message.id, message.signature);
    else if (message.kind === 'signature') this.#onSignature(from, message.id, message);
    else if (message.kind === 'vote') this.#onVote(message.vote, message.block);
    else this.#onCertificate(message.certificate);
  }

  #keepForLater(from: number, message: Message, height: number): void {
    if (height === this.#height + 1 && this.#early.length < MAX_EARLY_MESSAGES)
      this.#early.push({ from, message });
    if (height > this.#height + 1 || !this.#round.isDecided) {
      this.#effects.push({ kind: 'catchUp', from, height });
    }
  }

  #tellHeight(to: number): void {
    this.#send({ kind: 'height', height: this.#height }, to);
  }

  #onCommitted(height: number, council: Council, requests: number): void {
    if (height <= this.#height) return;
    this.#height = height;
    this.#council = council;
    this.#pending = requests;
    this.#round = new Round();
    this.#takeUpRecords();
    this.#send({ kind: 'height', height });
    const early = this.#early;
    this.#early = [];
    this.#tryPropose();
    this.#armTimer();
    for (const { from, message } of early) this.#onMessage(from, message);
  }

  #onLink(authority: number, isUp: boolean): void {
    if (isUp) this.#down.delete(authority);
    else this.#down.add(authority);
    if (!isUp && authority === this.proposer) this.#armTimer();
    if (isUp) this.#tellHeight(authority);
  }

  // Proposing

  #tryPropose(): void {
    const { turn, certificate, carried, proposal, acknowledgedTurn, votedTurn, isDecided } = this.#round;
    if (!this.#isMember || isDecided || proposal !== undefined || this.proposer !== this.#settings.self)
      return;
    if (acknowledgedTurn >= turn || votedTurn >= turn) return;
    const repeat = carried === undefined ? undefined : this.#round.block(carried.headerHash);
    if (carried !== undefined && repeat === undefined) return;
    const own = this.#ports.propose(turn, certificate, repeat);
    if (own === undefined) return;
    this.#round.proposal = own;
    this.#round.isChecked = true;
    const acknowledgement = this.#acknowledge(own);
    this.#send({ kind: 'proposal', proposal: own, acknowledgement });
    this.#armTimer();
    this.#trySign();
  }

  #onProposal(from: number, proposal: Proposal, acknowledgement: Uint8Array): void {
    if (this.#isSecond('proposal', from, proposal)) return;
    const { turn } = proposal;
    if (turn < this.#round.turn || from !== this.#proposerOf(turn)) return;
    if (!isProposalAllowed(this.#council, proposal)) return;
    if (turn > this.#round.turn && proposal.certificate !== undefined)
      this.#enter(turn, proposal.certificate);
    if (this.#round.proposal !== undefined) return;
    this.#round.proposal = proposal;
    this.#addAcknowledgement(from, proposal, acknowledgement);
    this.#effects.push({ kind: 'check', proposal });
    this.#armTimer();
  }

  #onChecked(key: string, isValid: boolean): void {
    const { proposal, turn, votedTurn, acknowledgedTurn } = this.#round;
    if (proposal === undefined || proposalKey(proposal) !== key) return;
    if (!isValid) {
      this.#vote();
      return;
    }
    this.#round.isChecked = true;
    if (votedTurn >= turn || acknowledgedTurn >= turn) return;
    const signature = this.#acknowledge(proposal);
    this.#send({ kind: 'acknowledgement', id: idOf(proposal), signature });
    this.#trySign();
  }

  #acknowledge(proposal: Proposal): Uint8Array {
    this.#round.acknowledgedTurn = proposal.turn;
    this.#round.keepBlock(proposal.headerHash, proposal.block);
    this.#records.push({ kind: 'acknowledged', height: this.#height, turn: proposal.turn, proposal });
    const signature = this.#ports.sign(acknowledgementBytes(this.#council.channel, proposal));
    this.#addAcknowledgement(this.#settings.self, proposal, signature);
    return signature;
  }

  // Acknowledging and signing

  #onAcknowledgement(from: number, id: ProposalId, signature: Uint8Array): void {
    if (this.#isSecond('acknowledgement', from, id) || id.turn < this.#round.turn) return;
    this.#addAcknowledgement(from, id, signature);
    this.#trySign();
  }

  #addAcknowledgement(from: number, id: ProposalId, signature: Uint8Array): void {
    this.#round.acknowledgements(id).set(from, signature);
  }

  #trySign(): void {
    const { proposal, isChecked, turn, votedTurn, last } = this.#round;
    if (proposal === undefined || !isChecked || votedTurn >= turn || last?.turn === turn) return;
    const acknowledged = this.#round.acknowledgements(proposal);
    if (acknowledged.size < this.#quorum || !acknowledged.has(this.#settings.self)) return;
    const acknowledgements = [...acknowledged].map(([authority, signature]) => ({ authority, signature }));
    const { headerHash, valueHash } = proposal;
    const signed = { turn, headerHash, valueHash, acknowledgements };
    this.#round.last = signed;
    this.#records.push({ kind: 'signed', height: this.#height, turn, signed });
    this.#sendSignature(proposal);
    this.#tryDecide();
  }

  #sendSignature(proposal: Proposal): void {
    const signature = this.#ports.signBlock(proposal);
    this.#addSignature(proposal, { authority: this.#settings.self, ...signature });
    this.#send({
      kind: 'signature',
      id: idOf(proposal),
      header: proposal.block.header,
      value: proposal.value,
      ...signature,
    });
  }

  #onSignature(from: number, id: ProposalId, signature: Omit<FinalSignature, 'authority'>): void {
    if (this.#isSecond('signature', from, id)) return;
    this.#addSignature(id, {
      authority: from,
      signature: signature.signature,
      identifierHeader: signature.identifierHeader,
    });
    this.#tryDecide();
  }

  #addSignature(id: ProposalId, signature: FinalSignature): void {
    this.#round.signatures(id).set(signature.authority, signature);
  }

  #tryDecide(): void {
    const { proposal, isChecked, isDecided } = this.#round;
    if (proposal === undefined || !isChecked || isDecided) return;
    const signatures = this.#round.signatures(proposal);
    if (signatures.size < this.#quorum || !signatures.has(this.#proposerOf(proposal.turn))) return;
    this.#round.isDecided = true;
    this.#effects.push({ kind: 'decide', final: { ...proposal, signatures: [...signatures.values()] } });
  }

  // Passing over

  #onTimer(): void {
    if (!this.#hasWork) return;
    this.#vote();
    this.#armTimer();
  }

  #vote(): void {
    const { turn, last } = this.#round;
    if (this.#round.votedTurn < turn) {
      this.#round.votedTurn = turn;
      this.#records.push({ kind: 'voted', height: this.#height, turn });
    }
    const unsigned = { height: this.#height, turn, voter: this.#settings.self, last };
    const vote = { ...unsigned, signature: this.#ports.sign(voteBytes(this.#council.channel, unsigned)) };
    const block = last === undefined ? undefined : this.#round.block(last.headerHash);
    this.#send({ kind: 'vote', vote, block });
    this.#countVote(vote);
  }

  #onVote(vote: Vote, block: RawBlock | undefined): void {
    if (vote.turn < this.#round.turn) {
      if (this.#round.certificate !== undefined) {
        this.#send({ kind: 'certificate', certificate: this.#round.certificate }, vote.voter);
      }
      return;
    }
    if (vote.last !== undefined && block !== undefined) this.#round.keepBlock(vote.last.headerHash, block);
    this.#countVote(vote);
  }

  #countVote(vote: Vote): void {
    if (this.#round.isTooFarAhead(vote.turn)) return;
    const votes = this.#round.votes(vote.turn);
    votes.set(vote.voter, vote);
    const { turn, votedTurn } = this.#round;
    const joins = votes.size > toleratedFaults(this.#council.authorities.length);
    if (vote.turn === turn && votedTurn < turn && joins) {
      this.#vote();
      return;
    }
    if (votes.size < this.#quorum) return;
    this.#enter(vote.turn + 1, { height: this.#height, turn: vote.turn, votes: [...votes.values()] });
  }

  #onCertificate(certificate: Certificate): void {
    if (certificate.turn >= this.#round.turn && isCertificate(this.#council, certificate)) {
      this.#enter(certificate.turn + 1, certificate);
    }
  }

  #enter(turn: number, certificate: Certificate): void {
    if (turn <= this.#round.turn) return;
    this.#round.enter(turn, certificate);
    this.#armTimer();
    this.#tryPropose();
  }

  // Memory, time and sending

  #takeUpRecords(): void {
    for (const record of this.#later) if (record.height === this.#height) this.#round.remember(record);
    this.#later = this.#later.filter(({ height }) => height > this.#height);
  }

  #repeat(): void {
    const { proposal, turn, votedTurn, last } = this.#round;
    if (proposal !== undefined) {
      const signature = this.#ports.sign(acknowledgementBytes(this.#council.channel, proposal));
      this.#addAcknowledgement(this.#settings.self, proposal, signature);
      if (this.proposer === this.#settings.self) {
        this.#send({ kind: 'proposal', proposal, acknowledgement: signature });
      } else this.#send({ kind: 'acknowledgement', id: idOf(proposal), signature });
      if (last?.turn === turn && votedTurn < turn) this.#sendSignature(proposal);
    }
    if (votedTurn >= turn) {
      this.#round.turn = votedTurn;
      if (proposal?.turn !== votedTurn) this.#round.proposal = undefined;
      this.#vote();
    }
    this.#send({ kind: 'height', height: this.#height });
  }

  /** Only the first message of a kind at a turn counts. */
  #isSecond(kind: string, authority: number, id: ProposalId): boolean {
    if (this.#round.isTooFarAhead(id.turn)) return true;
    const first = this.#round.firstOf(kind, authority, id);
    if (first !== undefined && !isSameBlock(first, id)) {
      this.#effects.push({ kind: 'evidence', authority, first, second: idOf(id) });
    }
    return first !== undefined;
  }

  #armTimer(): void {
    if (!this.#isMember || this.#round.isDecided || !this.#hasWork) return;
    const { turn, votedTurn } = this.#round;
    const backoff = Math.min(2 ** Math.min(turn, 16), MAX_BACKOFF);
    const isDown = this.#down.has(this.proposer) && votedTurn < turn;
    const afterMs = isDown ? this.#settings.downTimeoutMs : this.#settings.timeoutMs * backoff;
    this.#effects.push({ kind: 'timer', height: this.#height, turn, afterMs });
  }

  get #hasWork(): boolean {
    return this.#round.hasWork(this.#pending);
  }

  get #isMember(): boolean {
    return this.#council.authorities.includes(this.#settings.self);
  }

  get #quorum(): number {
    return quorumOf(this.#council.authorities.length);
  }

  #proposerOf(turn: number): number {
    return this.#council.schedule.proposer(this.#council.authorities, this.#height, turn);
  }

  #send(message: Message, to: number | 'others' = 'others'): void {
    this.#effects.push({ kind: 'send', to, message });
  }

  #step(): Step {
    const step = { records: this.#records, effects: this.#effects };
    this.#records = [];
    this.#effects = [];
    return step;
  }
}

function heightOf(message: Exclude<Message, { kind: 'height' }>): number {
  if (message.kind === 'proposal') return message.proposal.height;
  if (message.kind === 'vote') return message.vote.height;
  if (message.kind === 'certificate') return message.certificate.height;
  return message.id.height;
}
