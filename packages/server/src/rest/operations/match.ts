import { identifiersOf } from '../../fhir/index.ts';
import { type AccessFacts } from '../../store/index.ts';
import { stateReleased } from '../access.ts';
import { json } from '../answers.ts';
import { type BundleEntry, bundleText } from '../bundle-text.ts';
import { RestError } from '../error.ts';
import { createGate, factsOf } from '../gate.ts';
import { pass, type RestAnswer, type Visit } from '../visit.ts';
import { resourceOf } from './parameters.ts';

const CERTAIN = { url: 'http://hl7.org/fhir/StructureDefinition/match-grade', valueCode: 'certain' };

/**
 * `Patient/$match`: exact identifiers only, at every organisation (health.md section 6). Whoever matches is in the patient's log.
 * What the caller may not read is answered as a bare id, which `$break-glass` and a patient's grant can start from.
 */
export async function match(visit: Visit): Promise<RestAnswer> {
  const identifiers = identifiersOf(resourceOf(visit.request.body(), 'Patient'));
  if (identifiers.length === 0) {
    throw new RestError('INVALID', 'A match needs an identifier', {
      details: { expression: 'Patient.identifier' },
    });
  }
  const { persons } = visit.server.exchange;
  const matched = await persons.match(visit.context, identifiers);
  const patients = (await Promise.all(matched.map((person) => persons.patientsOf(person)))).flat();
  pass(visit, 'locate');
  const ids = patients.filter((patient) => isPatient(visit, patient)).map(({ recordId }) => recordId);
  const entries = await entriesOf(visit, [...new Set(ids)]);
  pass(visit, 'render');
  return json(200, bundleText({ type: 'searchset', total: entries.length }, entries));
}

/** The ledger does not tell a Patient from a RelatedPerson; the own store does. */
function isPatient(
  { server }: Visit,
  patient: { readonly recordId: string; readonly mspId: string },
): boolean {
  const isOwn = patient.mspId === server.organisation.mspId;
  return !isOwn || server.store.get('Patient', patient.recordId)?.text !== undefined;
}

async function entriesOf(visit: Visit, ids: readonly string[]): Promise<BundleEntry[]> {
  const gate = createGate(visit, 'record');
  const released: AccessFacts[] = [];
  const entries: BundleEntry[] = [];
  for (const id of ids) {
    const record = visit.server.store.get('Patient', id);
    const facts = record === undefined ? undefined : factsOf(record);
    const [permitted] = facts === undefined ? [] : await gate.permitted([facts]);
    if (permitted === true && facts !== undefined) released.push(facts);
    const text = permitted === true ? (record?.text ?? bareText(id)) : bareText(id);
    const search = { mode: 'match' as const, score: 1, extension: [CERTAIN] };
    entries.push({ fullUrl: `${visit.server.baseUrl}/Patient/${id}`, resource: text, search });
  }
  pass(visit, 'decide');
  await stateReleased(visit, gate, released);
  return entries;
}

/** What the caller knew before: that this identifier has a patient. */
function bareText(id: string): string {
  const tag = [{ system: 'http://terminology.hl7.org/CodeSystem/v3-ObservationValue', code: 'SUBSETTED' }];
  return JSON.stringify({ resourceType: 'Patient', id, meta: { tag } });
}
