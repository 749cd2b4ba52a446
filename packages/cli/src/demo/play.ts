import { CliError } from '../error.ts';
import { outcomeText, type FhirClient } from '../fhir-client.ts';
import type { Memory } from './memory.ts';
import type { CastEntry, Resource } from './resources.ts';
import type { ConsentTerms, Step, Story } from './story.ts';

/** What a step needs of the running consortium. */
export interface Stage {
  client(handle: string): FhirClient;
  /** Makes the user's key the key of the person of this Patient. */
  bind(handle: string, patientId: string, circle: 'care' | 'consortium'): Promise<void>;
  merge(clerks: readonly [string, string], fromPatientId: string, intoPatientId: string): Promise<void>;
  /** The Consent resource for the terms; `patientId` and `parentId` are logical ids. */
  consent(terms: ConsentTerms, patientId: string, parentId: string | undefined): Resource;
}

/** Plays the steps that were not played before, in order. Interrupted, it goes on where it was. */
export async function playStory(stage: Stage, memory: Memory, story: Story): Promise<void> {
  for (const [number, step] of story.steps.entries()) {
    const name = `${story.name}/${number}`;
    if (memory.isDone(name)) continue;
    await playStep(stage, memory, step, name);
    memory.done(name);
  }
}

async function playStep(stage: Stage, memory: Memory, step: Step, name: string): Promise<void> {
  switch (step.do) {
    case 'write':
      return write(stage.client(step.as), memory, step.entries, name);
    case 'amend':
      return amend(stage.client(step.as), memory.path(step.key), step.change);
    case 'bind':
      return stage.bind(step.user, memory.id(step.patient), step.circle);
    case 'consent':
      return consent(stage, memory, step);
    case 'break-glass':
      return breakGlass(stage.client(step.as), memory.id(step.patient), step.reason);
    case 'look':
      await stage.client(step.as).request(
        'GET',
        step.path.replaceAll(/@([\w-]+)/g, (_, key: string) => memory.path(key)),
      );
      return;
    case 'merge':
      return stage.merge(step.by, memory.id(step.from), memory.id(step.into));
  }
}

async function write(
  client: FhirClient,
  memory: Memory,
  entries: readonly CastEntry[],
  name: string,
): Promise<void> {
  const urns = new Map(entries.map((entry) => [entry.key, `urn:uuid:${crypto.randomUUID()}`]));
  const resolve = (key: string): string => urns.get(key) ?? memory.path(key);
  const bundle = {
    resourceType: 'Bundle',
    type: 'transaction',
    entry: entries.map(({ key, resource }) => ({
      fullUrl: urns.get(key),
      resource: resolveReferences(resource, resolve),
      request: { method: 'POST', url: resource.resourceType },
    })),
  };
  const response = await client.request('POST', '', JSON.stringify(bundle), {
    'idempotency-key': `cast/${encodeURIComponent(name)}`,
  });
  if (response.status !== 200) throw refused(name, response.status, response.text);
  const answer = JSON.parse(response.text) as { entry: { response: { location: string } }[] };
  answer.entry.forEach((entry, i) => memory.created((entries[i] as CastEntry).key, entry.response.location));
}

async function amend(
  client: FhirClient,
  path: string,
  change: (resource: Resource) => Resource,
): Promise<void> {
  const current = await client.expect('GET', path);
  const etag = current.headers.get('etag') ?? '';
  const changed = change(JSON.parse(current.text) as Resource);
  await client.expect('PUT', path, JSON.stringify(changed), { 'if-match': etag });
}

async function consent(stage: Stage, memory: Memory, step: Extract<Step, { do: 'consent' }>): Promise<void> {
  const { patient, parent } = step.consent;
  const resource = stage.consent(
    step.consent,
    memory.id(patient),
    parent === undefined ? undefined : memory.id(parent),
  );
  const response = await stage.client(step.as).expect('POST', 'Consent', JSON.stringify(resource));
  const { id } = JSON.parse(response.text) as { id: string };
  memory.created(step.key, `Consent/${id}`);
}

async function breakGlass(client: FhirClient, patientId: string, reason: string): Promise<void> {
  const parameters = { resourceType: 'Parameters', parameter: [{ name: 'reason', valueCode: reason }] };
  await client.expect('POST', `Patient/${patientId}/$break-glass`, JSON.stringify(parameters));
}

/** `{ reference: '@key' }` becomes a reference to what the key stands for. */
function resolveReferences(value: unknown, resolve: (key: string) => string): unknown {
  if (Array.isArray(value)) return value.map((member) => resolveReferences(member, resolve));
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, member]) => {
      const isKey = name === 'reference' && typeof member === 'string' && member.startsWith('@');
      return [name, isKey ? resolve(member.slice(1)) : resolveReferences(member, resolve)];
    }),
  );
}

function refused(name: string, status: number, text: string): CliError {
  return new CliError('REFUSED', `The cast's step ${name} was refused: ${status} ${outcomeText(text)}`);
}
