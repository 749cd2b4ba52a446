export { AuthError, MAX_TOKEN_SECONDS, mintToken, type TokenRequest, type TokenScope } from './auth/index.ts';
export { ConfigError, fhirBase, openSecrets, parseConfig, type ServerConfig } from './config/index.ts';
export {
  CONSENT_EXTENSION,
  CONSENT_SYSTEM,
  ExchangeError,
  FACE_SYSTEM,
  openHealthClient,
  tlsIdentityFrom,
  verifyLogExport,
  type AccessLogExport,
  type KeyPair,
  type MatchingKey,
  type RebuildProgress,
  type RunningExchange,
} from './exchange/index.ts';
export { CATEGORY_SYSTEM, initialiseValidation, SENSITIVITY_SYSTEM } from './fhir/index.ts';
export { serve, tokenScope, type RunningServer, type ServerParts } from './serve.ts';
