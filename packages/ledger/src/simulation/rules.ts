import { equalBytes, labelled } from '@healthchain/core';
import type { Verifier } from '../crypto/index.ts';
import type { SigningRecord } from '../ordering/records.ts';

/**
 * Where the honest authorities of a schedule break the rules. The simulation must notice each of these: it is how we know that
 * it is not blind.
 */
export interface Rules {
  readonly name: string;
  /** Effects happen at once, records are written afterwards. */
  readonly sendsBeforeStoring?: boolean;
  /** What is appended to the signing log is never synced. */
  readonly neverSyncs?: boolean;
  /** A block is signed without the acknowledgements of a quorum: they are made up, and nobody checks them. */
  readonly isOnePhase?: boolean;
  /** What is remembered after a restart. */
  readonly remembers?: (record: SigningRecord) => boolean;
  /** Votes to pass a turn over carry no signed block. */
  readonly hidesSigned?: boolean;
}

export const TRUE_RULES: Rules = { name: 'true' };

/** By the name that `--rules` takes. */
export const FAULTY_RULES: readonly Rules[] = [
  { name: 'one-phase', isOnePhase: true },
  { name: 'forgets-votes', remembers: ({ kind }) => kind !== 'voted' },
  { name: 'forgets-acknowledgements', remembers: ({ kind }) => kind !== 'acknowledged' },
  { name: 'hides-signed', hidesSigned: true },
  { name: 'sends-before-storing', sendsBeforeStoring: true },
  { name: 'never-syncs', neverSyncs: true },
];

/** A verifier that believes every acknowledgement. */
export function believingAcknowledgements(verifier: Verifier): Verifier {
  const label = labelled('ordering/acknowledgement');
  const isBelieved = (message: Uint8Array): boolean => equalBytes(message.subarray(0, label.length), label);
  return {
    verify: (job) => isBelieved(job.message) || verifier.verify(job),
    async verifyAll(jobs) {
      const outcomes = await verifier.verifyAll(jobs);
      return jobs.map((job, i) => isBelieved(job.message) || outcomes[i] === true);
    },
    close: () => verifier.close(),
  };
}
