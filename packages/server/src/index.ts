export * from './auth/index.ts';
export * from './config/index.ts';
export {
  CONSENT_EXTENSION,
  CONSENT_SYSTEM,
  ExchangeError,
  FACE_SYSTEM,
  openExchange,
  openHealthClient,
  tlsIdentityFrom,
  type AccessLogExport,
  type ExchangeContext,
  type ExchangeLog,
  type GatewayEndpoint,
  type KeyPair,
  type MatchingKey,
  type RebuildProgress,
  type RunningExchange,
} from './exchange/index.ts';
export { CATEGORY_SYSTEM, initialiseValidation, SENSITIVITY_SYSTEM } from './fhir/index.ts';
export * from './observe/index.ts';
export type * from './ports.ts';
export type { RestLimits, ServerContext } from './rest/context.ts';
export { createCursors } from './rest/cursor.ts';
export { buildServer } from './rest/server.ts';
export { KeyedLocks } from './rest/write/locks.ts';
export { openStore, type Store } from './store/index.ts';
