import { beforeAll, describe, expect, it } from 'vitest';
import { RESOURCE_TYPES } from '../fhir/index.ts';
import { call } from './testing/harness.ts';
import { type Story, tellStory } from './testing/story.ts';

let story: Story;

beforeAll(async () => {
  story = await tellStory();
});

describe('every type of R4', () => {
  it.each(Object.entries(RESOURCE_TYPES).map(([type, { kind }]) => [type, kind] as const))(
    '%s (%s) does what the table says',
    async (type, kind) => {
      const token = story.northDoctor;
      const body = { resourceType: type };
      const answer = await call(story.north, { method: 'POST', url: `/fhir/${type}`, token, body });
      const refused = kind === 'never' || kind === 'face' || kind === 'contract-face';
      if (refused) expect(answer.statusCode).toBe(405);
      else expect([201, 400, 422]).toContain(answer.statusCode);
      const search = await call(story.north, { url: `/fhir/${type}`, token: story.northDoctor });
      expect(search.statusCode, search.body).toBe(refused ? 405 : 200);
    },
  );
});
