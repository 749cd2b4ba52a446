import { FhirClient, type FhirResponse } from '@healthchain/cli';
import { ROLES, type Role } from '@healthchain/core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startConsortium, type StoryConsortium } from './support/consortium.ts';
import { readExpectations, type ExpectedRow } from './support/expectations.ts';
import { INTERACTIONS, type Asking, type InteractionRow } from './support/http-interactions.ts';
import {
  create,
  createSituations,
  homeOf,
  type Found,
  type HttpSituations,
  type SituationName,
  type Stored,
} from './support/http-situations.ts';
import { claimsOf, signedJwt, tokenKeyOf } from './support/jwt.ts';
import { eventually } from './support/eventually.ts';
import { drawMarker, recordOf, type RecordType } from './support/resources.ts';
import { logsOf, metricsOf, wordsIn } from './support/traces.ts';
import { runningOf, type TestUser } from './support/users.ts';

const table = readExpectations('http-roles.csv');
const SITUATIONS = ['own', 'own-other', 'unrelated', 'foreign', 'granted', 'emergency', 'self', 'new', 'any'];
const NOT_POSSIBLE = '.';

/** A type that the role's row of the base policy names. */
const TYPE_OF: Readonly<Partial<Record<Role, RecordType>>> = {
  pharmacist: 'AllergyIntolerance',
  clerk: 'RelatedPerson',
  'claims-auditor': 'Coverage',
};

let story: StoryConsortium;
let situations: HttpSituations;

beforeAll(async () => {
  story = await startConsortium();
  situations = await createSituations(story);
  const { patient } = situations.find('foreign', 'doctor');
  for (const rescuer of situations.rescuers.values()) {
    const reason = { resourceType: 'Parameters', parameter: [{ name: 'reason', valueCode: 'BTG' }] };
    const client = await rescuer.client();
    await client.expect('POST', `Patient/${patient.id}/$break-glass`, JSON.stringify(reason));
  }
});

afterAll(() => story.close());

describe('the table', () => {
  it('has a column for every role', () => {
    for (const row of table) expect(Object.keys(row)).toEqual(['interaction', 'situation', ...ROLES]);
  });

  it('has every interaction that this test knows, and no other situation', () => {
    expect(new Set(table.map((row) => row['interaction']))).toEqual(new Set(Object.keys(INTERACTIONS)));
    for (const { situation } of table) expect(SITUATIONS).toContain(situation);
  });

  it('has every interaction that the server offers', async () => {
    const client = await (situations.users.get('doctor') as TestUser).client();
    const { rest } = JSON.parse((await client.expect('GET', 'metadata')).text) as CapabilityStatement;
    const types = rest.flatMap(({ resource }) => resource);
    const offered = [...types, ...rest].flatMap(({ interaction }) => interaction.map(({ code }) => code));
    const operations = types.flatMap(({ operation }) => operation.map(({ name }) => `$${name}`));
    expect(Object.keys(INTERACTIONS)).toEqual(
      expect.arrayContaining([...new Set([...offered, ...operations])]),
    );
  });
});

describe('roles × interactions × situations', () => {
  it.each(table.map((row) => [row['interaction'], row['situation'], row] as const))(
    '%s, %s',
    async (_i, _s, row) => {
      const { interaction: _, situation: __, ...expected } = row;
      expect(await outcomesOf(row, expected)).toEqual(expected);
    },
  );
});

describe('after all that', () => {
  it('no log names a person, a record, a token or what was written, and each line its request', async () => {
    const client = await (situations.users.get('doctor') as TestUser).client();
    const { headers } = await client.request('GET', 'metadata');
    const last = headers.get('x-request-id') ?? '';
    const words = await distinctiveWords();
    const logs = await eventually('the log', async () => {
      const found = logsOf(story);
      return found.get('north/server.log')?.includes(last) === true ? found : undefined;
    });
    expect(logs.size).toBe(4);
    for (const [file, bytes] of logs) expect([file, wordsIn(bytes, words)]).toEqual([file, []]);
    const lines = logs.get('north/server.log')?.toString('utf8').trim().split('\n') ?? [];
    const requests = lines.map((line) => JSON.parse(line) as LogLine).filter(({ msg }) => msg === 'request');
    expect(requests.length).toBeGreaterThan(500);
    for (const { requestId } of requests) expect(requestId).toMatch(/^[0-9a-f-]{36}$/);
  });

  it('no metric is labelled with any of it', async () => {
    const words = await distinctiveWords();
    for (const text of await metricsOf(story)) {
      expect(text).toContain('healthchain_http_request_seconds_count');
      expect(wordsIn(Buffer.from(text), words)).toEqual([]);
      for (const label of text.matchAll(/(\w+)="([^"]*)"/g)) expect(LABELS).toContain(label[1]);
    }
  });
});

const LABELS = ['organisation', 'route', 'method', 'status', 'le', 'operation', 'code', 'permit', 'kind'];

interface LogLine {
  readonly msg: string;
  readonly requestId?: string;
}

async function distinctiveWords(): Promise<string[]> {
  const users = [...situations.users.values(), ...situations.rescuers.values()];
  const tokens = await Promise.all(users.map((user) => user.token()));
  const { exchange } = runningOf(story, 'authority');
  const patients = SITUATION_NAMES.map((name) => situations.find(name, 'doctor').patient.id);
  const persons = await Promise.all(patients.map((id) => exchange.persons.ofPatient(id)));
  const ofPersons = persons.map((person) => {
    if (person === undefined) throw new Error('A patient without a person');
    return person;
  });
  const codes = ['Penicillin', 'Asthma', 'mmol/L', '2823-3', 'eyJ'];
  const signatures = tokens.map((token) => token.split('.')[2] as string);
  const ids = users.map(({ userId }) => userId);
  return [...situations.distinctive, ...signatures, ...ofPersons, ...ids, ...codes];
}

const SITUATION_NAMES: readonly SituationName[] = ['own', 'unrelated', 'foreign', 'granted', 'self'];

interface CapabilityStatement {
  readonly rest: readonly {
    readonly interaction: readonly { readonly code: string }[];
    readonly resource: readonly {
      readonly interaction: readonly { readonly code: string }[];
      readonly operation: readonly { readonly name: string }[];
    }[];
  }[];
}

async function outcomesOf(row: ExpectedRow, expected: ExpectedRow): Promise<ExpectedRow> {
  const cells = ROLES.map(async (role): Promise<[string, string]> => {
    return [role, expected[role] === NOT_POSSIBLE ? NOT_POSSIBLE : await outcomeOf(row, role)];
  });
  return Object.fromEntries(await Promise.all(cells));
}

async function outcomeOf(row: ExpectedRow, role: Role): Promise<string> {
  const interaction = INTERACTIONS[row['interaction'] as string] as InteractionRow;
  const asking = await askingOf(row, role);
  const answer = await interaction.ask(asking);
  if (answer.status >= 400) expectRefusal(answer, asking);
  const hasContent = interaction.content !== undefined && answer.text.includes(interaction.content(asking));
  return `${answer.status}${hasContent ? '+' : ''}`;
}

/** A refusal is an OperationOutcome, and says nothing of what it is about. */
function expectRefusal({ text }: FhirResponse, { found, record }: Asking): void {
  expect(JSON.parse(text)).toMatchObject({
    resourceType: 'OperationOutcome',
    issue: [{ severity: 'error' }],
  });
  for (const word of [found.patient.marker, record.marker, found.nationalId])
    expect(text).not.toContain(word);
}

async function askingOf(row: ExpectedRow, role: Role): Promise<Asking> {
  const situation = row['situation'] as string;
  const found = situations.find(FOUND_IN[situation] ?? (situation as SituationName), role);
  const wanted = situation === 'own-other' ? 'Condition' : (TYPE_OF[role] ?? 'Observation');
  const record = (found.records.get(wanted) ?? found.records.get('Observation')) as Stored;
  const type = record.type as RecordType;
  const changes = row['interaction'] === 'update' || row['interaction'] === 'delete';
  const isOwn = situation === 'own' || situation === 'own-other';
  return {
    client: await clientOf(row, role),
    found,
    record: { ...record, type },
    twin: async () => (changes && isOwn ? twinOf(found, type) : record),
  };
}

const FOUND_IN: Readonly<Record<string, SituationName>> = {
  'own-other': 'own',
  emergency: 'foreign',
  new: 'own',
  any: 'own',
};

async function twinOf({ author, patient }: Found, type: RecordType): Promise<Stored> {
  const marker = drawMarker();
  const { id } = await create(author, recordOf(type, patient.id, marker));
  return { type, id: String(id), marker };
}

async function clientOf(row: ExpectedRow, role: Role): Promise<FhirClient> {
  if (role === 'server') return serverClient();
  const isRescue = row['situation'] === 'emergency' || row['interaction'] === '$break-glass';
  const user = (isRescue ? situations.rescuers.get(role) : undefined) ?? situations.users.get(role);
  return (user as TestUser).client(row['situation'] === 'emergency' ? 'ETREAT' : undefined);
}

/** No server hands such a token out; whoever holds its key might. */
function serverClient(): FhirClient {
  const home = homeOf('server');
  const claims = claimsOf(story, home, { sub: 'b'.repeat(32), role: 'server', purpose: 'HOPERAT' });
  const { port } = runningOf(story, home).organisation;
  return new FhirClient(`http://127.0.0.1:${port}/fhir`, signedJwt(claims, tokenKeyOf(story, home)));
}
