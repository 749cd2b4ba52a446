import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { BAD_REQUESTS, type Target } from './support/bad-requests.ts';
import { startConsortium, type StoryConsortium } from './support/consortium.ts';
import { send, type Received, type Sent } from './support/http.ts';
import { create } from './support/http-situations.ts';
import { keptBy } from './support/ledger-state.ts';
import { drawMarker, patient, recordOf } from './support/resources.ts';
import { addUser, runningOf, type TestUser } from './support/users.ts';

let story: StoryConsortium;
let doctor: TestUser;
let north: number;
let target: Target;

beforeAll(async () => {
  story = await startConsortium();
  doctor = await addUser(story, 'north', 'doctor');
  north = runningOf(story, 'north').organisation.port;
  const client = await doctor.client();
  const { id } = await create(client, patient(drawMarker(), drawMarker()));
  const patientId = String(id);
  const record = await create(client, recordOf('Observation', patientId, drawMarker()));
  await create(client, recordOf('Observation', patientId, drawMarker()));
  const strangersNationalId = drawMarker();
  const atSouth = await (await addUser(story, 'south', 'doctor')).client();
  const stranger = await create(atSouth, patient(drawMarker(), strangersNationalId));
  target = {
    patientId,
    recordId: String(record['id']),
    strangerId: String(stranger['id']),
    strangersNationalId,
  };
});

afterAll(() => story.close());

async function ask(user: TestUser, { headers, ...sent }: Sent): Promise<Received> {
  return send(north, { ...sent, headers: { authorization: `Bearer ${await user.token()}`, ...headers } });
}

interface Outcome {
  readonly resourceType: string;
  readonly issue: readonly {
    readonly severity: string;
    readonly code: string;
    readonly diagnostics?: string;
    readonly expression?: readonly string[];
  }[];
}

/** Names of files, classes and programs of ours, and traces. */
const INTERNALS = /node_modules|\.ts\b|\.js\b|\bat \S+ \(|sqlite|zod|fastify|Error:|undefined|\[object/i;

function outcomeOf({ status, headers, text }: Received): Outcome {
  expect(status, text).toBeGreaterThanOrEqual(400);
  expect(status, text).toBeLessThan(500);
  expect(headers['content-type']).toBe('application/fhir+json; charset=utf-8');
  expect(text).not.toMatch(INTERNALS);
  const outcome = JSON.parse(text) as Outcome;
  expect(outcome.resourceType).toBe('OperationOutcome');
  expect(outcome.issue[0]).toMatchObject({ severity: 'error', diagnostics: expect.any(String) });
  return outcome;
}

describe('a bad request', () => {
  it.each(BAD_REQUESTS.map((bad) => [bad.name, bad] as const))('%s', async (_name, bad) => {
    const before = await keptBy(story);
    const answer = await ask(doctor, bad.sent(target));
    const [issue] = outcomeOf(answer).issue;
    expect(
      { status: answer.status, code: issue?.code, expression: issue?.expression?.[0] },
      answer.text,
    ).toEqual({
      status: bad.status,
      code: bad.code,
      expression: bad.expression,
    });
    expect(await keptBy(story)).toEqual(before);
  });
});
