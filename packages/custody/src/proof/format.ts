import { mspId, personId, sha256Hex } from '@healthchain/core';
import { z } from 'zod';
import { CustodyError } from '../errors.ts';
import { MAX_ENTRIES_OF_PERSON } from '../log/format.ts';

const channel = z.string().min(1).max(249);
const hashes = z.array(sha256Hex).max(256);

const signedEntry = z.strictObject({
  text: z.string().max(1_048_576),
  random: sha256Hex,
  signature: z.string().max(128),
});
const provenEntry = z.strictObject({
  ...signedEntry.shape,
  /** Inclusion in the checkpoint's tree, leaf to root, hex (RFC 9162 section 2.1.3). */
  inclusion: hashes,
});
export type ProvenEntry = z.infer<typeof provenEntry>;

/** A Merkle map proof with its bytes as hex. */
const mapProof = z.strictObject({
  entry: z.strictObject({ key: sha256Hex, value: sha256Hex }).nullable(),
  siblings: hashes,
});
export type MapProofText = z.infer<typeof mapProof>;

/** One custodian's log about one patient, proved against its last checkpoint. */
const custodianLog = z.strictObject({
  custodian: mspId,
  /** Null while the log has never been checkpointed. */
  checkpoint: z
    .strictObject({
      custodian: mspId,
      channel,
      size: z.int().min(1),
      root: sha256Hex,
      mapRoot: sha256Hex,
    })
    .nullable(),
  /** The patient's row of the checkpoint's map; null when the map proves that there is none. */
  head: z.strictObject({ count: z.int().min(1), head: sha256Hex, salt: sha256Hex }).nullable(),
  mapProof: mapProof.nullable(),
  /** All entries below the checkpoint, by running number. */
  entries: z.array(provenEntry).max(MAX_ENTRIES_OF_PERSON),
  /** Entries above the checkpoint: signed by the custodian, proved by the next checkpoint. */
  uncheckpointed: z.array(signedEntry).max(MAX_ENTRIES_OF_PERSON),
});
export type CustodianLog = z.infer<typeof custodianLog>;

/** All custodians' logs about one patient: what the portal and `verify --offline` check. */
const proofBundle = z.strictObject({
  format: z.literal('healthchain/v1/access-log'),
  channel,
  person: personId,
  custodians: z.array(custodianLog).max(255),
});
export type ProofBundle = z.infer<typeof proofBundle>;

export function bundleOf(
  about: { channel: string; person: string },
  custodians: readonly CustodianLog[],
): ProofBundle {
  return { format: 'healthchain/v1/access-log', ...about, custodians: [...custodians] };
}

/** @throws CustodyError MALFORMED, naming the first member that breaks the format */
export function parseProofBundle(value: unknown): ProofBundle {
  const parsed = proofBundle.safeParse(value);
  if (parsed.success) return parsed.data;
  const path = parsed.error.issues[0]?.path.join('.') ?? '';
  throw new CustodyError('MALFORMED', `The proof bundle breaks its format at '${path}'`, {
    cause: parsed.error,
  });
}
