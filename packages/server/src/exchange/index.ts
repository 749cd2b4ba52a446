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
export { openExchange, type RunningExchange } from './open.ts';
