import type { OrganisationKind } from '@healthchain/core';
import type { ConnectOptions } from '@hyperledger/fabric-gateway';
import type { Store } from '../store/index.ts';
import type { CrashPoint } from './write/crash-point.ts';

/** What fabric-gateway's `connect({ client })` takes: a gRPC channel, or the embedded engine's object. */
type GatewayClient = ConnectOptions['client'];

/** A Fabric gateway and the organisation whose peer serves it. */
export interface GatewayEndpoint {
  readonly mspId: string;
  readonly client: GatewayClient;
}

/** PEM. The private key lives in the keystore or in memory only. */
export interface KeyPair {
  readonly certificate: string;
  readonly privateKey: string;
}

/** Mutual TLS of the custody API: own certificate and key, and the TLS roots of the members whose certificates are accepted. */
export interface TlsIdentity {
  readonly certificate: string;
  readonly privateKey: string;
  /** By MSP id: a peer's certificate must chain to the roots of exactly one member, which is then who it is. */
  readonly roots: Readonly<Record<string, string>>;
}

/** Another organisation, or this one, as the consortium's directory of servers names it. */
export interface Member {
  readonly mspId: string;
  readonly kind: OrganisationKind;
  /** `https://host:port` of the custody API. */
  readonly custodyUrl: string;
  /** Base of the FHIR API; absolute references to it are this member's records. */
  readonly fhirBase: string;
}

interface ChannelContext {
  readonly name: string;
  readonly members: readonly string[];
}

export interface MatchingKey {
  readonly version: number;
  readonly key: Uint8Array;
}

export interface ExchangeLog {
  /** `fields` never hold a person's id or health data. */
  info(event: string, fields?: Readonly<Record<string, unknown>>): void;
  warn(event: string, fields?: Readonly<Record<string, unknown>>): void;
  /** Somebody has to look: a fork, a custodian that lies, ingestion that does not open. */
  alarm(event: string, fields?: Readonly<Record<string, unknown>>): void;
}

export interface ExchangeContext {
  readonly mspId: string;
  /** Folder of this server: key files (0600), vault, access log, index of persons. Created if missing. */
  readonly directory: string;
  /** The circle that this server writes to comes first, then the others that it is in. */
  readonly channels: readonly [ChannelContext, ...ChannelContext[]];
  readonly members: readonly Member[];
  /** The own organisation's first, then those to fail over to. */
  readonly gateways: readonly GatewayEndpoint[];
  /** The identity of role `server`. */
  readonly server: KeyPair;
  readonly tls: TlsIdentity;
  readonly custody: { readonly host: string; readonly port: number };
  readonly matchingKey: MatchingKey;
  readonly store: Store;
  readonly clock: () => Date;
  readonly log: ExchangeLog;
  /** Called at each step of a write: tests end the process there. */
  readonly crash?: (point: CrashPoint) => void;
}
