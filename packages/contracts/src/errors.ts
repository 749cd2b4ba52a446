import { CodedError } from '@healthchain/core';

/** Every refusal that a contract function can answer with. The reference page lists which function answers with which. */
export const CONTRACT_ERROR_CODES = [
  // of every function, before its rule runs
  'UNKNOWN_FUNCTION',
  'INVALID_ARGUMENT',
  'INVALID_TRANSIENT',
  'BAD_CERTIFICATE',
  'NOT_FOUNDED',
  'NOT_A_MEMBER',
  'ORGANISATION_SUSPENDED',
  'USER_SUSPENDED',
  'ROLE_NOT_OF_ORGANISATION',
  'ROLE_NOT_PERMITTED',
  'KIND_NOT_PERMITTED',
  'INTERNAL',
  // membership
  'ALREADY_FOUNDED',
  'FOUNDING_UNKNOWN',
  'FOUNDING_WITHOUT_OWN',
  'ORGANISATION_UNKNOWN',
  'ORGANISATION_EXISTS',
  'TOO_MANY_ORGANISATIONS',
  'PROPOSAL_UNKNOWN',
  'PROPOSAL_CLOSED',
  'ALREADY_APPROVED',
  // persons
  'PERSON_UNKNOWN',
  'KEY_BOUND_ELSEWHERE',
  'MERGE_UNKNOWN',
  'MERGE_NOT_POSSIBLE',
  'SAME_CLERK',
  'REGISTRAR_MISSING',
  'NO_RELATION',
  // authorisation
  'GRANT_EXISTS',
  'GRANT_UNKNOWN',
  'GRANT_REVOKED',
  'NOT_THE_PATIENT',
  'NOT_THE_GRANTOR',
  'DENY_IS_THE_PATIENTS',
  'PARENT_NOT_VALID',
  'PARENT_NOT_HELD',
  'EXCEEDS_PARENT',
  'TOO_DEEP',
  'GRANTEE_NOT_POSSIBLE',
  'PERIOD_NOT_POSSIBLE',
  // records
  'RECORD_UNKNOWN',
  'RECORD_RETRACTED',
  'VERSION_CONFLICT',
  'SAME_RECORD_TWICE',
  'HEADER_MISMATCH',
  'PERSON_CHANGED',
  'LABELS_LOWERED',
  'NOT_THE_AUTHOR',
  'HASH_MISMATCH',
  'EPOCH_NOT_IN_FORCE',
  'INTAKE_KEY_NOT_OPEN',
  'SEALING_INCOMPLETE',
  'DEALING_NOT_POSSIBLE',
  'WRITE_REFUSED',
  'BAD_BOOKMARK',
  // custody
  'EPOCH_UNKNOWN',
  'EPOCH_EXISTS',
  'EPOCH_AMBIGUOUS',
  'EPOCH_NOT_NEXT',
  'CUSTODIAN_INDEX_FIXED',
  'NOT_A_CUSTODIAN',
  'INTAKE_KEY_NOT_POSSIBLE',
  'INTAKE_KEY_EXISTS',
  'INTAKE_KEY_UNKNOWN',
  'INTAKE_KEY_STATE',
  'LAST_INTAKE_KEY',
  'TOO_MANY_INTAKE_KEYS',
  'CHECKPOINT_NOT_CONSISTENT',
  'CHECKPOINT_UNKNOWN',
  'EMERGENCY_LIMIT',
  'EMERGENCY_UNKNOWN',
  'EMERGENCY_REVIEWED',
  'NOT_THE_REVIEWER',
] as const;
export type ContractErrorCode = (typeof CONTRACT_ERROR_CODES)[number];

/** The message of a refusal crosses the ledger as `CODE: text`; the text never holds health data, names or secrets. */
export class ContractError extends CodedError<ContractErrorCode> {
  get line(): string {
    return `${this.code}: ${this.message}`;
  }
}

const CODES: ReadonlySet<string> = new Set(CONTRACT_ERROR_CODES);

/**
 * Finds the contract's refusal in what an engine made of it (`chaincode response 500, CODE: text`).
 * `undefined`: the text carries none.
 */
export function contractErrorOf(text: string): ContractError | undefined {
  for (const match of text.matchAll(/\b([A-Z][A-Z_]+): /g)) {
    const code = match[1] ?? '';
    const [message = ''] = text.slice(match.index + match[0].length).split('\n');
    if (CODES.has(code)) return new ContractError(code as ContractErrorCode, message);
  }
  return undefined;
}
