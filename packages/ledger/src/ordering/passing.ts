import type { RawBlock } from './block.ts';
import { isCertificate, isVote } from './finality.ts';
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
    this.#seat.round.helped.clear();
    if (!this.#seat.hasWork) return;
    this.vote();
    this.#seat.armTimer();
  }

  vote(): void {
    const { turn } = this.#seat.round;
    if (this.#seat.round.votedTurn < turn) {
      this.#seat.round.votedTurn = turn;
      this.#seat.keep({ kind: 'voted', height: this.#seat.height, turn });
    }
    this.#countVote(this.#sendVote(turn, 'others'));
  }

  /** For a turn up to the one last voted for, not before the block last signed. */
  #sendVote(turn: number, to: number | 'others'): Vote {
    const { last } = this.#seat.round;
    const unsigned = { height: this.#seat.height, turn, voter: this.#seat.self, last };
    const signature = this.#seat.ports.sign(voteBytes(this.#seat.council.channel, unsigned));
    const vote = { ...unsigned, signature };
    const block = last === undefined ? undefined : this.#seat.round.block(last.headerHash);
    this.#seat.send({ kind: 'vote', vote, block }, to);
    return vote;
  }

  onVote(vote: Vote, block: RawBlock | undefined): void {
    if (vote.turn < this.#seat.round.turn) {
      this.#help(vote);
      return;
    }
    if (!isVote(this.#seat.council, vote)) return;
    if (vote.last !== undefined && block !== undefined)
      this.#seat.round.keepBlock(vote.last.headerHash, block);
    this.#countVote(vote);
  }

  /**
   * Brings a voter of an earlier turn here: by the certificate, or, where a restart has lost that, by the own vote for the
   * voter's turn, so that it is made again. A vote may be answered by a vote: once until the timer runs out, or two that have
   * restarted would answer each other for ever, and a liar that votes whenever it hears a vote would never be out of breath.
   */
  #help({ turn, voter }: Vote): void {
    const { certificate, votedTurn, last, helped } = this.#seat.round;
    const help = `${voter}:${turn}`;
    if (certificate !== undefined && certificate.turn >= turn)
      this.#seat.send({ kind: 'certificate', certificate }, voter);
    else if (votedTurn >= turn && (last === undefined || last.turn <= turn) && !helped.has(help)) {
      helped.add(help);
      this.#sendVote(turn, voter);
    }
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
