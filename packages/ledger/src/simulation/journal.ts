import { toHex } from '@healthchain/core';
import type { Message, ProposalId } from '../ordering/messages.ts';

/** What happened in one schedule: faults counted by kind and, where somebody wants to read it, a line for each event. */
export class Journal {
  readonly faults = new Map<string, number>();
  readonly #now: () => number;
  readonly #trace: ((line: string) => void) | undefined;

  constructor(now: () => number, trace: ((line: string) => void) | undefined) {
    this.#now = now;
    this.#trace = trace;
  }

  fault(kind: string, line?: () => string): void {
    this.faults.set(kind, (this.faults.get(kind) ?? 0) + 1);
    if (line !== undefined) this.note(() => `${line()} [${kind}]`);
  }

  note(line: () => string): void {
    this.#trace?.(`${this.#now().toFixed(3).padStart(10)} ${line()}`);
  }
}

/** A message in a few words. Signatures and what covers them are left out: they differ from run to run with ECDSA. */
export function describe(message: Message): string {
  if (message.kind === 'height') return `height ${message.height}`;
  if (message.kind === 'vote') {
    const { height, turn, last } = message.vote;
    return `vote ${height}/${turn}${last === undefined ? '' : ` with ${last.turn}:${shortHash(last.headerHash)}`}`;
  }
  if (message.kind === 'certificate')
    return `certificate ${message.certificate.height}/${message.certificate.turn}`;
  return `${message.kind} ${describeId(message.kind === 'proposal' ? message.proposal : message.id)}`;
}

export function describeId({ height, turn, headerHash }: ProposalId): string {
  return `${height}/${turn}:${shortHash(headerHash)}`;
}

export function shortHash(headerHash: Uint8Array): string {
  return toHex(headerHash.subarray(0, 4));
}
