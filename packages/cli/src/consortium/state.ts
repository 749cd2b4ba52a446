import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROLES, KINDS, PURPOSES } from '@healthchain/core';
import { z } from 'zod';
import { CliError } from '../error.ts';

/** What the command line remembers of a consortium of its own: no keys, no health data. Written at the first start, and when a user comes. */
const shape = z.strictObject({
  seed: z.int(),
  /** Whether the demo's cast plays in it. */
  cast: z.boolean(),
  /** The day of the first start: the cast's dates are relative to it. */
  anchor: z.iso.datetime(),
  organisations: z.array(
    z.strictObject({
      name: z.string(),
      title: z.string(),
      mspId: z.string(),
      kind: z.enum(KINDS),
      port: z.int(),
      custodyPort: z.int(),
      circle: z.enum(['care', 'consortium']),
    }),
  ),
  users: z.array(
    z.strictObject({
      handle: z.string(),
      name: z.string(),
      organisation: z.string(),
      role: z.enum(ROLES),
      purpose: z.enum(PURPOSES),
      userId: z.string().regex(/^[0-9a-f]{32}$/),
    }),
  ),
});

export type ConsortiumState = z.infer<typeof shape>;
export type OrganisationState = ConsortiumState['organisations'][number];
export type UserState = ConsortiumState['users'][number];

function stateFile(data: string): string {
  return join(data, 'consortium.json');
}

export function readState(data: string): ConsortiumState | undefined {
  const file = stateFile(data);
  return existsSync(file) ? shape.parse(JSON.parse(readFileSync(file, 'utf8'))) : undefined;
}

/** @throws CliError NOT_RUNNING when nothing was ever started on this directory */
export function requireState(data: string): ConsortiumState {
  const state = readState(data);
  if (state === undefined) {
    throw new CliError('NOT_RUNNING', `There is no consortium in ${data}`, {
      details: { hint: 'Create one with: npm start (or name another folder with --data)' },
    });
  }
  return state;
}

export function writeState(data: string, state: ConsortiumState): void {
  const file = stateFile(data);
  writeFileSync(`${file}.tmp`, `${JSON.stringify(state, undefined, 2)}\n`, { flush: true, mode: 0o600 });
  renameSync(`${file}.tmp`, file);
}

/** @throws CliError UNKNOWN_USER listing who there is */
export function userOf(state: ConsortiumState, handle: string): UserState {
  const user = state.users.find((candidate) => candidate.handle === handle);
  if (user !== undefined) return user;
  const handles = state.users.map((candidate) => candidate.handle).join(', ');
  throw new CliError('UNKNOWN_USER', `There is no user ${handle}`, {
    details: { hint: `Users: ${handles}` },
  });
}

/** @throws CliError USAGE listing the organisations */
export function organisationOf(state: ConsortiumState, name: string): OrganisationState {
  const found = state.organisations.find((candidate) => candidate.name === name || candidate.mspId === name);
  if (found !== undefined) return found;
  const names = state.organisations.map((candidate) => candidate.name).join(', ');
  throw new CliError('USAGE', `There is no organisation ${name}`, {
    details: { hint: `Organisations: ${names}` },
  });
}

/** MSP ids of a circle's members: whoever writes to `care` is in both circles, everybody is in `consortium`. */
export function membersOf(state: ConsortiumState, circle: OrganisationState['circle']): string[] {
  return state.organisations
    .filter((organisation) => circle === 'consortium' || organisation.circle === 'care')
    .map(({ mspId }) => mspId);
}

export function serverUrl(organisation: OrganisationState): string {
  return `http://127.0.0.1:${organisation.port}`;
}

export function fhirBaseOf(organisation: OrganisationState): string {
  return `${serverUrl(organisation)}/fhir`;
}

export function serverDirectory(data: string, organisation: OrganisationState): string {
  return join(data, organisation.name);
}

export function ledgerDirectory(data: string): string {
  return join(data, 'ledger');
}
