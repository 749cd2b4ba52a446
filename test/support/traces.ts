import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { organisationOf, type ConsortiumState } from '@healthchain/cli';
import type { StoryConsortium } from './consortium.ts';
import { send } from './http.ts';

const ORGANISATIONS: readonly ConsortiumState['organisations'][number]['name'][] = [
  'north',
  'south',
  'acme',
  'authority',
];

/** Everything that the servers logged, by file. */
export function logsOf({ data }: StoryConsortium): ReadonlyMap<string, Buffer> {
  const files = globSync('*/server.log', { cwd: data });
  return new Map(files.map((file) => [file, readFileSync(join(data, file))]));
}

/** What every server tells about itself to whoever asks. */
export async function metricsOf({ consortium }: StoryConsortium): Promise<readonly string[]> {
  const ports = ORGANISATIONS.map((name) => organisationOf(consortium.state, name).port);
  return Promise.all(ports.map(async (port) => (await send(port, { path: '/metrics' })).text));
}

/** Which of the words stand in the bytes. */
export function wordsIn(bytes: Buffer, words: readonly string[]): string[] {
  return words.filter((word) => bytes.includes(word, 0, 'utf8'));
}
