export { CONTRACT_ERROR_CODES, ContractError, contractErrorOf, type ContractErrorCode } from './errors.ts';
export type { Chaincode, ChaincodeResponse, StateIterator, Stub } from './stub.ts';
export type { EventName, HealthEvents } from './events.ts';
export type * from './state/rows.ts';

export {
  FUNCTION_NAMES,
  registry,
  type ArgumentOf,
  type FunctionName,
  type ParsedArgumentOf,
  type Registry,
  type ResultOf,
} from './registry.ts';
export type { FunctionDefinition } from './functions/define.ts';
export {
  createHealthClient,
  type HealthClient,
  type HealthTransport,
  type Submitted,
  type Transient,
} from './client.ts';

export { MAX_PAGE_SIZE, type Page } from './functions/shared.ts';
export { MAX_ORGANISATIONS, type FoundingState, type ProposalState } from './functions/membership.ts';
export type { PersonState, ResolvedPerson } from './functions/persons.ts';
export { MAX_DELEGATION_DEPTH, MAX_EXCEPTIONS } from './functions/authorisation.ts';
export { MAX_HISTORY, type BodyResult } from './functions/records.ts';
export {
  EMERGENCY_HOURS,
  MAX_EMERGENCIES_PER_HOUR,
  MAX_OPEN_EMERGENCIES,
  MAX_PROOF_HASHES,
  type EpochState,
} from './functions/custody.ts';

export {
  MAX_ITEMS,
  PERMIT_CODES,
  REFUSAL_CODES,
  type AccessCode,
  type AccessDecision,
  type AccessItem,
  type AccessQuestion,
} from './gate/question.ts';

export { chaincode } from './dispatcher.ts';
export { decideAccess } from './gate/decide.ts';
export { BASE_POLICY, ROLE_RULES, type BaseRow, type RoleRule } from './gate/base-policy.ts';
export type { Tx } from './tx.ts';
export { decodeWrite, tables, type StateChange, type TableName } from './state/tables.ts';
export type { Table } from './state/table.ts';
export { reference } from './reference.ts';
export { RELATION_DAYS } from './gate/facts.ts';
export { DIRECTORY_TYPES, MAX_DIRECTORY_BYTES } from './rules/directory.ts';
