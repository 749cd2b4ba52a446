import type { ConnectOptions, Identity, Signer } from '@hyperledger/fabric-gateway';

/** What the suite runs against: a started network with the suite's organisations, channels and contracts. */
export interface Target {
  /** As printed: `fabric raft`, `embedded in process`. */
  readonly name: string;
  /** A client of the gateway of the organisation's peer. The target closes it. */
  client(mspId: MspId): ConnectOptions['client'];
  /** The same identity on every call with the same arguments. Its signer takes the message itself (`hash.none`). */
  identity(mspId: MspId, kind: IdentityKind): Promise<Signing>;
  /** A revocation list (DER) of the organisation's CA with the given certificates (PEM). */
  revocationList(mspId: MspId, certificates: readonly string[]): Promise<Uint8Array>;
  /** Stops and starts the organisation's peer or its first orderer; starting returns when it answers, at once if it runs. */
  stopPeer(mspId: MspId): Promise<void>;
  startPeer(mspId: MspId): Promise<void>;
  stopOrderer(mspId: MspId): Promise<void>;
  startOrderer(mspId: MspId): Promise<void>;
  close(): Promise<void>;
}

export interface Signing {
  readonly identity: Identity;
  readonly signer: Signer;
  /** PEM. */
  readonly certificate: string;
}

export const ORGANISATIONS = ['NorthMSP', 'SouthMSP', 'AuthorityMSP'] as const;
export type MspId = (typeof ORGANISATIONS)[number];

/**
 * `client`, `admin`, `peer`, `orderer`: by NodeOU. `revoked`, `leaving`: a client's that a case
 * revokes. `stranger`: a client certificate of a CA that is not the organisation's, under its
 * MSP id. `outsider`: of an MSP the network does not know. `expired`: a client's, past its date. `expiring`: a client's
 * that ends EXPIRING_MS after it is first asked for. `premature`: a client's that
 * begins before its CA does. `unclassified`: with an
 * organisational unit that is no NodeOU.
 */
export type IdentityKind =
  | 'client'
  | 'admin'
  | 'peer'
  | 'orderer'
  | 'stranger'
  | 'outsider'
  | 'expired'
  | 'expiring'
  | 'revoked'
  | 'leaving'
  | 'premature'
  | 'unclassified';

/** The names of the embedded engine's targets. */
export const EMBEDDED = 'embedded in process';
export const EMBEDDED_OVER_TLS = 'embedded over gRPC with TLS';

/** `main` has all organisations; AuthorityMSP is not a member of `side`. */
export const CHANNELS = { main: 'care', side: 'side' } as const;
export type ChannelName = (typeof CHANNELS)[keyof typeof CHANNELS];

/** Whose peers have joined the channel. */
export const MEMBERS: Readonly<Record<ChannelName, readonly MspId[]>> = {
  care: ORGANISATIONS,
  side: ['NorthMSP', 'SouthMSP'],
};

/** `basic` wants two of the three peers; `strict` (on `main` only) all three. Both are the same chaincode. */
export const CONTRACTS = { basic: 'basic', strict: 'strict' } as const;

const peersOf = (members: readonly string[]) => members.map((mspId) => `'${mspId}.peer'`).join(',');

/** The network of the suite, in the form that either engine's definition takes. */
export const DEFINITION = {
  organisations: [
    { name: 'north', mspId: 'NorthMSP', domain: 'north.test', peers: 1, orderers: 1 },
    { name: 'south', mspId: 'SouthMSP', domain: 'south.test', peers: 1, orderers: 1 },
    { name: 'authority', mspId: 'AuthorityMSP', domain: 'authority.test', peers: 1, orderers: 1 },
  ],
  channels: [
    {
      name: CHANNELS.main,
      members: MEMBERS.care,
      contracts: [
        { name: CONTRACTS.basic, version: '1.0', endorsement: `OutOf(2,${peersOf(ORGANISATIONS)})` },
        { name: CONTRACTS.strict, version: '1.0', endorsement: `AND(${peersOf(ORGANISATIONS)})` },
      ],
      schedule: 'round-robin',
    },
    {
      name: CHANNELS.side,
      members: MEMBERS.side,
      contracts: [{ name: CONTRACTS.basic, version: '1.0', endorsement: `AND(${peersOf(MEMBERS.side)})` }],
      schedule: 'round-robin',
    },
  ],
} as const;

/** A transaction above this size is refused by every orderer; the largest value the suite commits is half of it. */
export const ABSOLUTE_MAX_BYTES = 2 * 1024 * 1024;
