import { ERROR } from './chaincode.ts';
import type { ProposalResponse } from './proposal-response.ts';

/** What a peer answers to a proposal. */
export interface Endorsed extends ProposalResponse {
  /** Blocks that the simulation saw. */
  readonly height: number;
}

/** The peer's own answer: it endorses nothing. */
export function refusal(message: string, height = 0): Endorsed {
  return {
    response: { status: ERROR, message },
    payload: undefined,
    endorsement: undefined,
    interest: [],
    height,
  };
}

export function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
