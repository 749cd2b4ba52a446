export type { ExchangeContext, ExchangeLog, KeyPair, MatchingKey } from './context.ts';
export { ExchangeError } from './error.ts';
export type { AccessLogExport } from './export.ts';
export {
  EXTENSION as CONSENT_EXTENSION,
  HL7 as CONSENT_SYSTEM,
  SYSTEM as FACE_SYSTEM,
} from './faces/systems.ts';
export { openExchange, type RunningExchange } from './open.ts';
export type { RebuildProgress } from './rebuild.ts';
export { openHealthClient } from './sessions/health-client.ts';
export { tlsIdentityFrom } from './tls-identity.ts';
export { verifyLogExport } from './verify-export.ts';
