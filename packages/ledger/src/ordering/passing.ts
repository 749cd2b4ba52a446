import type { RawBlock } from './block.ts';
import { isCertificate } from './finality.ts';
import { voteBytes, type Certificate, type Vote } from './messages.ts';
import { toleratedFaults } from './quorum.ts';
import type { Seat } from './seat.ts';

/** How an authority passes a turn over: votes, certificates, and the turn after. */
export class Passing {
  readonly #seat: Seat;
  readonly #onTurn: () => void;

  /** `onTurn` is called when another turn has begun. */
  constructor(seat: Seat, onTurn: () => void) {
    this.#seat = seat;
    this.#onTurn = onTurn;
  }

  onTimer(): void {
    if (!this.#seat.hasWork) return;
    this.vote();
    this.#seat.armTimer();
  }

  vote(): void {
    const { turn, last } = this.#seat.round;
    if (this.#seat.round.votedTurn < turn) {
      this.#seat.round.votedTurn = turn;
      this.#seat.keep({ kind: 'voted', height: this.#seat.height, turn });
    }
    const unsigned = { height: this.#seat.height, turn, voter: this.#seat.self, last };
    const vote = {
      ...unsigned,
      signature: this.#seat.ports.sign(voteBytes(this.#seat.council.channel, unsigned)),
    };
    const block = last === undefined ? undefined : this.#seat.round.block(last.headerHash);
    this.#seat.send({ kind: 'vote', vote, block });
    this.#countVote(vote);
  }

  onVote(vote: Vote, block: RawBlock | undefined): void {
    if (vote.turn < this.#seat.round.turn) {
      if (this.#seat.round.certificate !== undefined) {
        this.#seat.send({ kind: 'certificate', certificate: this.#seat.round.certificate }, vote.voter);
      }
      return;
    }
    if (vote.last !== undefined && block !== undefined)
      this.#seat.round.keepBlock(vote.last.headerHash, block);
    this.#countVote(vote);
  }

  #countVote(vote: Vote): void {
    if (this.#seat.round.isTooFarAhead(vote.turn)) return;
    const votes = this.#seat.round.votes(vote.turn);
    votes.set(vote.voter, vote);
    const { turn, votedTurn } = this.#seat.round;
    const joins = votes.size > toleratedFaults(this.#seat.council.authorities.length);
    if (vote.turn === turn && votedTurn < turn && joins) {
      this.vote();
      return;
    }
    if (votes.size < this.#seat.quorum) return;
    this.enter(vote.turn + 1, { height: this.#seat.height, turn: vote.turn, votes: [...votes.values()] });
  }

  onCertificate(certificate: Certificate): void {
    if (certificate.turn >= this.#seat.round.turn && isCertificate(this.#seat.council, certificate)) {
      this.enter(certificate.turn + 1, certificate);
    }
  }

  enter(turn: number, certificate: Certificate): void {
    if (turn <= this.#seat.round.turn) return;
    this.#seat.round.enter(turn, certificate);
    this.#seat.armTimer();
    this.#onTurn();
  }

  /** Says again what may not have been heard before a restart. */
  repeat(): void {
    const { proposal, turn, votedTurn } = this.#seat.round;
    if (votedTurn < turn) return;
    this.#seat.round.turn = votedTurn;
    if (proposal?.turn !== votedTurn) this.#seat.round.proposal = undefined;
    this.vote();
  }
}
