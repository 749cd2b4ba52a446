import { parseEntry, parseProofBundle, type LogEntry, type ProofBundle } from '@healthchain/custody';
import type { Stay } from './ward.ts';

/** The proofs about a patient on `care`, as the patient exports them. */
export async function exportedLog({
  patient,
  patientId,
}: Pick<Stay, 'patient' | 'patientId'>): Promise<ProofBundle> {
  const { text } = await patient.expect('GET', `Patient/${patientId}/$access-log`);
  const { channels } = JSON.parse(text) as { channels: { bundle: unknown }[] };
  const bundles = channels.map(({ bundle }) => parseProofBundle(bundle));
  const care = bundles.find(({ channel }) => channel === 'care');
  if (care === undefined) throw new Error('The export has no log on care');
  return care;
}

/** Every entry of every custodian. */
export function accessesIn({ custodians }: ProofBundle): LogEntry[] {
  return custodians.flatMap(({ entries, uncheckpointed }) =>
    [...entries, ...uncheckpointed].map(({ text }) => parseEntry(text)),
  );
}
