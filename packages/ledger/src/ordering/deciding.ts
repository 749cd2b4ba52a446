import { hasTwoPhases, isProposalAllowed, mayBeSigned } from './finality.ts';
import {
  acknowledgementBytes,
  proposalKey,
  type FinalSignature,
  type Message,
  type Proposal,
  type ProposalId,
} from './messages.ts';
import type { Passing } from './passing.ts';
import { idOf } from './round.ts';
import type { Seat } from './seat.ts';
import { finalSignatureBytes } from './turn-metadata.ts';

/**
 * How a block becomes final within one turn: it is proposed; one that a quorum has acknowledged is signed; one that a
 * quorum, the proposer among them, has signed is final. Where no lie is tolerated nobody but the proposer acknowledges, and
 * what it proposes is signed at once.
 */
export class Deciding {
  readonly #seat: Seat;
  readonly #passing: Passing;

  constructor(seat: Seat, passing: Passing) {
    this.#seat = seat;
    this.#passing = passing;
  }

  tryPropose(): void {
    const { turn, certificate, carried, proposal, acknowledgedTurn, votedTurn, isDecided } = this.#seat.round;
    if (
      !this.#seat.isMember ||
      isDecided ||
      proposal !== undefined ||
      this.#seat.proposer !== this.#seat.self
    )
      return;
    if (acknowledgedTurn >= turn || votedTurn >= turn) return;
    const repeat = carried === undefined ? undefined : this.#seat.round.block(carried.headerHash);
    if (carried !== undefined && repeat === undefined) return;
    const own = this.#seat.ports.propose(turn, certificate, repeat);
    if (own === undefined) return;
    this.#seat.round.proposal = own;
    this.#seat.round.isChecked = true;
    this.#keep(own);
    this.#seat.send({ kind: 'proposal', proposal: own, acknowledgement: this.#acknowledge(own) });
    this.#seat.armTimer();
    this.#trySign();
  }

  onProposal(from: number, proposal: Proposal, acknowledgement: Uint8Array): void {
    if (this.#seat.isSecond('proposal', from, this.#seat.acknowledged(from, proposal, acknowledgement)))
      return;
    const { turn } = proposal;
    if (turn < this.#seat.round.turn || from !== this.#seat.proposerOf(turn)) return;
    if (!isProposalAllowed(this.#seat.council, proposal)) return;
    if (turn > this.#seat.round.turn && proposal.certificate !== undefined)
      this.#passing.enter(turn, proposal.certificate);
    this.#addAcknowledgement(from, proposal, acknowledgement);
    if (this.#seat.round.proposal !== undefined) {
      this.#trySign();
      return;
    }
    this.#seat.round.proposal = proposal;
    this.#seat.ask({ kind: 'check', proposal });
    this.#seat.armTimer();
  }

  onChecked(key: string, isValid: boolean): void {
    const { proposal, turn, votedTurn, acknowledgedTurn } = this.#seat.round;
    if (proposal === undefined || proposalKey(proposal) !== key) return;
    if (!isValid) {
      this.#passing.vote();
      return;
    }
    this.#seat.round.isChecked = true;
    if (votedTurn >= turn || acknowledgedTurn >= turn) return;
    this.#keep(proposal);
    this.#sendAcknowledgement(proposal);
    this.#trySign();
  }

  /** From now on this authority stands for no other block of the turn. */
  #keep(proposal: Proposal): void {
    this.#seat.round.acknowledgedTurn = proposal.turn;
    this.#seat.round.keepBlock(proposal.headerHash, proposal.block);
    this.#seat.keep({ kind: 'acknowledged', height: this.#seat.height, turn: proposal.turn, proposal });
  }

  #sendAcknowledgement(proposal: Proposal): void {
    if (!hasTwoPhases(this.#seat.council)) return;
    const signature = this.#acknowledge(proposal);
    this.#seat.send({ kind: 'acknowledgement', id: idOf(proposal), signature });
  }

  #acknowledge(proposal: Proposal): Uint8Array {
    const signature = this.#seat.ports.sign(acknowledgementBytes(this.#seat.council.channel, proposal));
    this.#addAcknowledgement(this.#seat.self, proposal, signature);
    return signature;
  }

  onAcknowledgement(from: number, id: ProposalId, signature: Uint8Array): void {
    if (this.#seat.isSecond('acknowledgement', from, this.#seat.acknowledged(from, id, signature))) return;
    if (id.turn < this.#seat.round.turn) return;
    this.#addAcknowledgement(from, id, signature);
    this.#trySign();
  }

  #addAcknowledgement(from: number, id: ProposalId, signature: Uint8Array): void {
    this.#seat.round.acknowledgements(id).set(from, signature);
  }

  #trySign(): void {
    const { proposal, acknowledgedTurn, turn, votedTurn, last } = this.#seat.round;
    if (proposal === undefined || acknowledgedTurn < turn || votedTurn >= turn || last?.turn === turn) return;
    const { council, height } = this.#seat;
    const acknowledged = this.#seat.round.acknowledgements(proposal);
    if (!mayBeSigned(council, height, turn, acknowledged)) return;
    const acknowledgements = [...acknowledged].map(([authority, signature]) => ({ authority, signature }));
    const { headerHash, valueHash } = proposal;
    const signed = { turn, headerHash, valueHash, acknowledgements };
    this.#seat.round.last = signed;
    this.#seat.keep({ kind: 'signed', height, turn, signed });
    this.#sendSignature(proposal);
    this.#tryDecide();
  }

  #sendSignature(proposal: Proposal): void {
    const signature = this.#seat.ports.signBlock(proposal);
    this.#addSignature(proposal, { authority: this.#seat.self, ...signature });
    this.#seat.send({
      kind: 'signature',
      id: idOf(proposal),
      header: proposal.block.header,
      value: proposal.value,
      ...signature,
    });
  }

  onSignature(from: number, said: Extract<Message, { kind: 'signature' }>): void {
    const { id, header, value, identifierHeader, signature } = said;
    const message = () => finalSignatureBytes(value, identifierHeader, header);
    const signed = () => ({ authority: from, message: message(), signature });
    if (this.#seat.isSecond('signature', from, { id, signed })) return;
    this.#addSignature(id, { authority: from, signature, identifierHeader });
    this.#tryDecide();
  }

  #addSignature(id: ProposalId, signature: FinalSignature): void {
    this.#seat.round.signatures(id).set(signature.authority, signature);
  }

  #tryDecide(): void {
    const { proposal, isChecked, isDecided } = this.#seat.round;
    if (proposal === undefined || !isChecked || isDecided) return;
    const signatures = this.#seat.round.signatures(proposal);
    if (signatures.size < this.#seat.quorum || !signatures.has(this.#seat.proposerOf(proposal.turn))) return;
    this.#seat.round.isDecided = true;
    this.#seat.ask({ kind: 'decide', final: { ...proposal, signatures: [...signatures.values()] } });
  }

  /** Says again what may not have been heard before a restart. */
  repeat(): void {
    const { proposal, turn, votedTurn, last } = this.#seat.round;
    if (proposal === undefined) return;
    if (this.#seat.proposer === this.#seat.self)
      this.#seat.send({ kind: 'proposal', proposal, acknowledgement: this.#acknowledge(proposal) });
    else this.#sendAcknowledgement(proposal);
    if (last?.turn === turn && votedTurn < turn) this.#sendSignature(proposal);
  }
}
