import { describe, expect, it } from 'vitest';
import { BACKGROUND_PERSONS, KNOWN_TO_BOTH } from './background.ts';
import { createCast, type Cast } from './cast.ts';
import { USERS } from './people.ts';
import type { CastEntry } from './resources.ts';
import type { Story } from './story.ts';

const ANCHOR = new Date('2026-06-15T10:00:00Z');
const NAMES = new Map(USERS.map((user) => [user.handle, `MSP/${user.handle}`]));

function entriesOf(cast: Cast): { story: Story; as: string; entry: CastEntry }[] {
  return [...cast.named, ...cast.background].flatMap((story) =>
    story.steps.flatMap((step) =>
      step.do === 'write' ? step.entries.map((entry) => ({ story, as: step.as, entry })) : [],
    ),
  );
}

describe('createCast', () => {
  it('is the same for the same seed and anchor, and another for another seed', async () => {
    const text = async (seed: number): Promise<string> =>
      JSON.stringify(await createCast(seed, ANCHOR, NAMES));
    expect(await text(1)).toBe(await text(1));
    expect(await text(1)).not.toBe(await text(2));
  });

  it('has sixty persons, twenty-five of them known to both hospitals', async () => {
    const patients = entriesOf(await createCast(1, ANCHOR, NAMES)).filter(
      ({ entry, as }) => entry.resource.resourceType === 'Patient' && as !== 'anna',
    );
    const atBoth = 2 + KNOWN_TO_BOTH;
    const registeredTwice = 1;
    expect(atBoth).toBe(25);
    expect(patients).toHaveLength(7 + BACKGROUND_PERSONS + atBoth + registeredTwice);
    expect(7 + BACKGROUND_PERSONS).toBe(60);
  });

  it('names every key once, and refers only to keys of earlier steps or the same one', async () => {
    const cast = await createCast(1, ANCHOR, NAMES);
    const known = new Set<string>();
    for (const step of [...cast.named, ...cast.background].flatMap((story) => story.steps)) {
      const entries = step.do === 'write' ? step.entries : [];
      for (const { key } of entries) {
        expect(known.has(key)).toBe(false);
        known.add(key);
      }
      if (step.do === 'consent') known.add(step.key);
      for (const [, key] of JSON.stringify(step).matchAll(/"@([\w-]+)"|=@([\w-]+)/g)) {
        if (key !== undefined) expect(known).toContain(key);
      }
    }
  });

  it('lets only users of the cast act', async () => {
    const cast = await createCast(1, ANCHOR, NAMES);
    const handles = new Set(USERS.map((user) => user.handle));
    for (const step of [...cast.named, ...cast.background].flatMap((story) => story.steps)) {
      if ('as' in step) expect(handles).toContain(step.as);
    }
    expect(handles.size).toBe(USERS.length);
  });
});
