export type {
  ChannelContext,
  ExchangeContext,
  ExchangeLog,
  GatewayClient,
  GatewayEndpoint,
  KeyPair,
  MatchingKey,
  Member,
  TlsIdentity,
} from './context.ts';
export { ExchangeError } from './error.ts';
export type { AccessLogExport, ChannelLogExport } from './export.ts';
export {
  EXTENSION as CONSENT_EXTENSION,
  HL7 as CONSENT_SYSTEM,
  SYSTEM as FACE_SYSTEM,
} from './faces/systems.ts';
export { Keystore, type StoredUser } from './identities/keystore.ts';
export { openExchange, type ExchangeStatus, type RunningExchange } from './open.ts';
export type { RebuildProgress } from './rebuild.ts';
export { tlsIdentityFrom } from './tls-identity.ts';
export { openHealthClient } from './sessions/health-client.ts';
export { verifyLogExport } from './verify-export.ts';
