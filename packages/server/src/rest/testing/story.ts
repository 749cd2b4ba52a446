import { expect } from 'vitest';
import type { AccessItem } from '../../ports.ts';
import { Consortium } from './consortium.ts';
import { call, serverOf, type TestServer } from './harness.ts';

/** Two hospitals with a doctor each. */
export interface Story {
  readonly consortium: Consortium;
  readonly north: TestServer;
  readonly south: TestServer;
  /** Tokens of a doctor for treatment. */
  readonly northDoctor: string;
  readonly southDoctor: string;
}

export async function tellStory(): Promise<Story> {
  const consortium = new Consortium();
  const north = await serverOf(consortium, 'north');
  const south = await serverOf(consortium, 'south');
  const northDoctor = await north.token('doctor', 'TREAT', 'a');
  const southDoctor = await south.token('doctor', 'TREAT', 'b');
  return { consortium, north, south, northDoctor, southDoctor };
}

function idOf(location: unknown): string {
  return /\/([^/]+)\/_history/.exec(String(location))?.[1] ?? '';
}

/** Creates a resource at a server, by its doctor, and returns its id. */
export async function createdAt(server: TestServer, token: string, resource: object): Promise<string> {
  const type = (resource as { readonly resourceType: string }).resourceType;
  const answer = await call(server, { method: 'POST', url: `/fhir/${type}`, token, body: resource });
  expect(answer.statusCode, answer.body).toBe(201);
  return idOf(answer.headers['location']);
}

/** North's records are for North, and for South what `granted` says. */
export function grant(story: Story, granted: (item: AccessItem) => boolean): void {
  story.consortium.policy = (caller, item) => {
    if (caller.mspId === item.author) return { permit: true, code: 'BASE_POLICY' };
    return granted(item) ? { permit: true, code: 'GRANT' } : { permit: false, code: 'NOT_GRANTED' };
  };
}

interface FoundBundle {
  readonly total?: number;
  readonly link: readonly { readonly relation: string; readonly url: string }[];
  readonly meta?: { readonly security: readonly { readonly code: string }[] };
  readonly entry?: readonly {
    readonly fullUrl?: string;
    readonly search?: { readonly mode: string };
    readonly resource?: { readonly resourceType: string; readonly id: string };
  }[];
}

/** Ids of the entries with a mode, page by page to the end. */
export async function allPages(
  server: TestServer,
  token: string,
  url: string,
  between: () => Promise<unknown> = async () => undefined,
): Promise<string[][]> {
  const pages: string[][] = [];
  let next: string | undefined = url;
  while (next !== undefined) {
    const answer = await call(server, { url: next, token });
    expect(answer.statusCode, answer.body).toBe(200);
    const bundle = answer.json<FoundBundle>();
    pages.push(
      (bundle.entry ?? [])
        .filter(({ search }) => search?.mode === 'match')
        .map(({ resource }) => resource?.id ?? ''),
    );
    next = bundle.link.find(({ relation }) => relation === 'next')?.url;
    await between();
  }
  return pages;
}
