/** Deadlines of gateway calls in milliseconds. Every call has one (ledger.md section 1). */
export const EVALUATE_DEADLINE_MS = 5_000;
/** As long as Fabric lets a chaincode execute, so that the largest bundle gets through. */
export const ENDORSE_DEADLINE_MS = 30_000;
export const SUBMIT_DEADLINE_MS = 5_000;
/** One wait for the commit of a transaction before the same bytes are submitted again. */
export const COMMIT_WAIT_MS = 2_000;
/** The wait at each further gateway when the first one's peer did not show the transaction. */
export const OTHER_COMMIT_WAIT_MS = 300;
/** After this a write whose outcome nobody could state ends OUTCOME_UNKNOWN; the outbox goes on resolving it. */
export const OUTCOME_DEADLINE_MS = 20_000;
/** How long a peer may take to reach the height that the session has seen before another peer is asked (ledger.md section 1). */
export const HEIGHT_WAIT_MS = 1_000;
export const HEIGHT_POLL_MS = 20;
/** A gateway that could not be reached goes to the end of the list for this long. */
export const GATEWAY_COOLDOWN_MS = 2_000;
