import { mkdirSync } from 'node:fs';
import type { PersonId } from '@healthchain/core';
import type { Exchange, RequestContext } from '../ports.ts';
import type { ExchangeContext } from './context.ts';
import type { AccessLogExport } from './export.ts';
import type { Keystore } from './identities/keystore.ts';
import type { RebuildProgress } from './rebuild.ts';
import { ExchangeRuntime } from './runtime.ts';

export interface ExchangeStatus {
  readonly channels: readonly {
    readonly name: string;
    /** Number of the last block applied to the store of this server; −1 before the first. */
    readonly applied: number;
    /** Number of the highest block that any peer has shown to this server. */
    readonly seen: number;
  }[];
  /** Writes whose outcome is not known yet. */
  readonly outbox: number;
  /** Own records that wait for their plaintext from the custodians. */
  readonly missing: number;
  readonly custodian: 'running' | 'stopped';
}

/** What `server` and the CLI get: the port to the REST side and the lifecycle of one organisation's server. */
export interface RunningExchange extends Exchange {
  /** Keys of this organisation's users. */
  readonly keystore: Keystore;
  /** True when the store has caught up with the height that the peers showed at start and no write of an earlier run is open. */
  ready(): boolean;
  status(): ExchangeStatus;
  /** True when the own circle has an epoch in force and every custodian's intake key has reached this server: records can be written. */
  canSeal(): boolean;
  /** The custodians and their HTTPS API, independent of the rest. Starting running ones, and stopping stopped ones, does nothing. */
  startCustodian(): Promise<void>;
  stopCustodian(): Promise<void>;
  /** Opens the next intake key of the own custodian and lets the present one close. */
  rotateIntakeKey(channel: string): Promise<void>;
  /** Fetches the plaintext of own records that the store lacks from the custodians. Resumes where an earlier run ended. */
  rebuild(progress: (progress: RebuildProgress) => void): Promise<RebuildProgress>;
  /** The proofs about one person of all custodians, for `healthchain verify --offline`. */
  exportAccessLog(context: RequestContext, personId: PersonId): Promise<AccessLogExport>;
  /** Stops following, closes the custody API, the vault and the logs. Calls in flight end with UNAVAILABLE. */
  close(): Promise<void>;
}

/**
 * Opens the files of one organisation's server, follows the blocks until the store has caught up, starts the custodians and resolves
 * what an earlier run left in the outbox. The caller owns the gateways' clients and the store, and closes them after `close`.
 */
export async function openExchange(context: ExchangeContext): Promise<RunningExchange> {
  mkdirSync(context.directory, { recursive: true, mode: 0o700 });
  const runtime = new ExchangeRuntime(context);
  try {
    await runtime.start();
    return runtime;
  } catch (error) {
    await runtime.close();
    throw error;
  }
}
