import type { OrganisationKind } from '@healthchain/core';
import type { Logger } from 'pino';
import type { TokenVerifier } from '../auth/index.ts';
import type { Metrics, ReadinessCheck } from '../observe/index.ts';
import type { Exchange } from '../ports.ts';
import type { Store } from '../store/index.ts';
import type { Cursors } from './cursor.ts';
import type { KeyedLocks } from './write/locks.ts';

/** Everything that the server of one organisation needs; the composition root (cli) fills it in. */
export interface ServerContext {
  readonly organisation: { readonly mspId: string; readonly kind: OrganisationKind; readonly name: string };
  /** FHIR base URL without trailing slash: what `fullUrl`, `Location` and paging links begin with. */
  readonly baseUrl: string;
  /** FHIR base URLs of all members, the own one included: an absolute reference below one of them is a local one. */
  readonly memberBases: readonly string[];
  readonly exchange: Exchange;
  /** Own records and the directory; written by the exchange alone. */
  readonly store: Store;
  readonly tokens: TokenVerifier;
  readonly cursors: Cursors;
  readonly locks: KeyedLocks;
  readonly logger: Logger;
  readonly metrics: Metrics;
  readonly readinessChecks: readonly ReadinessCheck[];
  readonly clock: () => Date;
  readonly limits: RestLimits;
  /** Software version in the CapabilityStatement. */
  readonly version: string;
}

interface RestLimits {
  readonly maxBodyBytes: number;
  /** Entries of a transaction or batch. */
  readonly maxBundleEntries: number;
  /** A refusal leaves at the end of a slot of this length after its request came in; 0: at once. */
  readonly refusalSlotMs: number;
}
