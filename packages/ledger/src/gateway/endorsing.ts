import { LedgerError } from '../error.ts';
import { inTime } from '../in-time.ts';
import { ERROR, ERROR_THRESHOLD } from '../peer/chaincode.ts';
import { ProposalRefused, type DecodedProposal, type Endorsed, type Peer } from '../peer/index.ts';
import type { CallContext } from './call.ts';
import { whileOpen } from './call.ts';
import { isThere, reaches } from './network.ts';
import { Code, type ErrorDetail } from './status.ts';

/** Fabric's peer.gateway.endorsementTimeout: more than the endorsers' own limit on a chaincode, so that they can tell. */
const ENDORSEMENT_TIMEOUT_MS = 4000;

/** What became of asking one peer: an endorsement, or why not and whether another peer may do better. */
export type Answer =
  | { readonly ok: true; readonly peer: Peer; readonly endorsed: Endorsed }
  | {
      readonly ok: false;
      readonly peer: Peer;
      readonly code: number;
      readonly message: string;
      readonly retry: boolean;
    };

/** Asks one peer and judges its answer as Fabric's gateway does (responseStatus). */
export async function ask(context: CallContext, peer: Peer, proposal: DecodedProposal): Promise<Answer> {
  try {
    const { channelId } = proposal;
    const seen = context.session.seen(channelId);
    if (!isThere(peer, channelId, seen)) await reaches(peer, channelId, seen, context.ending);
    const endorsed = await whileOpen(
      context,
      inTime(peer.endorse(proposal), ENDORSEMENT_TIMEOUT_MS, expired),
    );
    context.session.note(channelId, endorsed.height);
    return judge(peer, endorsed);
  } catch (error) {
    if (error instanceof ProposalRefused) {
      const code = error.byFilter ? Code.UNAVAILABLE : Code.FAILED_PRECONDITION;
      return { ok: false, peer, code, message: error.message, retry: error.byFilter };
    }
    if (error instanceof LedgerError && error.code === 'STOPPED') {
      return { ok: false, peer, code: Code.UNAVAILABLE, message: error.message, retry: true };
    }
    throw error;
  }
}

export function detailOf(answer: Extract<Answer, { ok: false }>): ErrorDetail {
  return { address: answer.peer.address, mspId: answer.peer.mspId, message: answer.message };
}

function judge(peer: Peer, endorsed: Endorsed): Answer {
  const { status, message = '' } = endorsed.response;
  if (status >= 200 && status < ERROR_THRESHOLD) return { ok: true, peer, endorsed };
  if (endorsed.payload === undefined && status === ERROR) {
    return { ok: false, peer, code: Code.ABORTED, message, retry: true };
  }
  return {
    ok: false,
    peer,
    code: Code.UNKNOWN,
    message: `chaincode response ${status}, ${message}`,
    retry: false,
  };
}

function expired(): LedgerError {
  return new LedgerError('STOPPED', 'rpc error: code = DeadlineExceeded desc = context deadline exceeded');
}
