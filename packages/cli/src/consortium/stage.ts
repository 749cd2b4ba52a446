import { openHealthClient } from '@healthchain/server';
import type { FhirClient } from '../fhir-client.ts';
import type { Stage } from '../demo/play.ts';
import { consentResource } from './consent.ts';
import type { RunningOrganisation } from './organisation.ts';
import { organisationOf, userOf } from './state.ts';
import { clientFor } from './tokens.ts';
import type { Consortium } from './up.ts';

/** What the cast's steps need, on a running consortium. */
export async function createStage(consortium: Consortium, data: string): Promise<Stage> {
  const { state } = consortium;
  const clients = new Map<string, FhirClient>();
  for (const user of state.users) clients.set(user.handle, await clientFor(data, state, user.handle));
  return {
    client: (handle) => clients.get(handle) as FhirClient,
    bind: (handle, patientId, circle) => bindKey(consortium, handle, patientId, circle),
    merge: (clerks, from, into) => merge(consortium, clerks, from, into),
    consent: (terms, patientId, parentId) => {
      const user = userOf(state, terms.grantee);
      const { mspId } = organisationOf(state, user.organisation);
      return consentResource(terms, { patientId, parentId, grantee: { mspId, userId: user.userId } });
    },
  };
}

/** Only the authority, which knows who its patients are, binds their keys. */
export async function bindKey(
  { state, engine, organisations }: Consortium,
  handle: string,
  patientId: string,
  circle: 'care' | 'consortium',
): Promise<void> {
  const authority = runningOf(organisations, 'authority');
  const personId = await personOf(authority, patientId);
  const { mspId } = authority.organisation;
  const gateways = [{ mspId, client: engine.client(mspId) }];
  const client = openHealthClient({ mspId, channel: circle, gateways, keyPair: authority.server });
  await client.persons.bindKey({ personId, userId: userOf(state, handle).userId });
}

/** Two clerks, each signing with the own key, make two persons one. */
async function merge(
  { state, engine, organisations }: Consortium,
  clerks: readonly [string, string],
  fromPatientId: string,
  intoPatientId: string,
): Promise<void> {
  const [proposer, confirmer] = clerks.map((handle) => {
    const user = userOf(state, handle);
    const running = runningOf(organisations, user.organisation);
    const { mspId } = running.organisation;
    const gateways = [{ mspId, client: engine.client(mspId) }];
    const keyPair = running.exchange.keystore.keyPair(user.userId);
    return { running, client: openHealthClient({ mspId, channel: 'care', gateways, keyPair }) };
  }) as [MergeParty, MergeParty];
  const fromPersonId = await personOf(proposer.running, fromPatientId);
  const intoPersonId = await personOf(proposer.running, intoPatientId);
  const { result } = await proposer.client.persons.merge({ fromPersonId, intoPersonId });
  await confirmer.client.persons.confirmMerge({ mergeId: result.mergeId });
}

interface MergeParty {
  readonly running: RunningOrganisation;
  readonly client: ReturnType<typeof openHealthClient>;
}

async function personOf({ exchange }: RunningOrganisation, patientId: string): Promise<string> {
  const personId = await exchange.persons.ofPatient(patientId);
  if (personId === undefined) throw new Error(`No person is known for Patient/${patientId}`);
  return personId;
}

function runningOf(organisations: readonly RunningOrganisation[], name: string): RunningOrganisation {
  const found = organisations.find((running) => running.organisation.name === name);
  if (found === undefined) throw new Error(`${name} does not run`);
  return found;
}
