export { AuthError, type AuthErrorCode } from './error.ts';
export {
  createTokenVerifier,
  MAX_TOKEN_SECONDS,
  mintToken,
  type TokenRequest,
  type TokenScope,
  type TokenVerifier,
} from './token.ts';
