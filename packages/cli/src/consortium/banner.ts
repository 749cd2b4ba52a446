import { table } from '../output.ts';
import { fhirBaseOf, organisationOf, type ConsortiumState } from './state.ts';

export interface BannerInput {
  readonly state: ConsortiumState;
  readonly tokens: ReadonlyMap<string, string>;
  /** Logical ids of the named persons' Patient resources, by key of the cast. */
  readonly patients: ReadonlyMap<string, string>;
}

/** What `up` prints when the servers answer: where they are, who can use them, and three things to try. */
export function banner({ state, tokens, patients }: BannerInput): string[] {
  const servers = state.organisations.map((organisation) => [
    `  ${organisation.title}`,
    fhirBaseOf(organisation),
    `custody https://127.0.0.1:${organisation.custodyPort}`,
  ]);
  const users = state.users
    .filter((user) => tokens.has(user.handle))
    .map((user) => [
      `  ${user.handle}`,
      user.role,
      user.organisation,
      user.purpose,
      tokens.get(user.handle) as string,
    ]);
  return [
    '',
    'HealthChain runs.',
    '',
    ...table(servers),
    '',
    'Users and their tokens (12 hours; more: healthchain token USER):',
    ...table(users),
    '',
    ...tries({ state, tokens, patients }),
  ];
}

function tries({ state, tokens, patients }: BannerInput): string[] {
  const base = (name: string): string => fhirBaseOf(organisationOf(state, name));
  const curl = (user: string, rest: string): string =>
    `  curl -s -H "Authorization: Bearer ${tokens.get(user)}" ${rest}`;
  const maria = patients.get('maria-north');
  const lee = patients.get('lee-south');
  if (maria === undefined || lee === undefined) return [];
  return [
    'Three things to try:',
    '1. A doctor of North reads the HbA1c values of Maria, of both hospitals as far as she may:',
    curl('nina', `'${base('north')}/Observation?patient=${maria}&code=4548-4,59261-8&_pretty=true'`),
    '2. Maria reads who looked at her records, at every organisation:',
    curl('maria', `'${base('authority')}/AuditEvent?patient=${maria}&_pretty=true'`),
    '3. A nurse of South breaks the glass for Lee, who is unconscious, and reads his allergies:',
    curl(
      'nora',
      `-X POST -H 'Content-Type: application/fhir+json' -d '{"resourceType":"Parameters","parameter":[{"name":"reason","valueCode":"UNCONSCIOUS"}]}' '${base('south')}/Patient/${lee}/$break-glass'`,
    ),
    curl('nora', `'${base('south')}/AllergyIntolerance?patient=${lee}&_pretty=true'`),
  ];
}
