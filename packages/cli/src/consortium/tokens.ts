import type { Purpose } from '@healthchain/core';
import { mintToken, openSecrets, tokenScope } from '@healthchain/server';
import { FhirClient } from '../fhir-client.ts';
import { serverConfig } from './server-config.ts';
import { fhirBaseOf, organisationOf, serverDirectory, userOf, type ConsortiumState } from './state.ts';

/** Validity of a token when none is asked for. */
export const DEFAULT_TOKEN_SECONDS = 12 * 3_600;

export interface TokenOptions {
  readonly purpose?: Purpose;
  readonly seconds?: number;
}

/** Signs a bearer token with the organisation's own token key, which lies in its server's directory. */
export async function tokenFor(
  data: string,
  state: ConsortiumState,
  handle: string,
  options: TokenOptions = {},
): Promise<string> {
  const user = userOf(state, handle);
  const organisation = organisationOf(state, user.organisation);
  const { tokenKey } = openSecrets(serverDirectory(data, organisation));
  return mintToken(
    tokenScope(serverConfig(data, state, organisation)),
    { privateKey: tokenKey.reveal(), algorithm: 'ES256' },
    {
      userId: user.userId,
      role: user.role,
      purpose: options.purpose ?? user.purpose,
      seconds: options.seconds ?? DEFAULT_TOKEN_SECONDS,
    },
    new Date(),
  );
}

/** The FHIR server of the user's own organisation, with a token of the user. */
export async function clientFor(
  data: string,
  state: ConsortiumState,
  handle: string,
  options: TokenOptions = {},
): Promise<FhirClient> {
  const organisation = organisationOf(state, userOf(state, handle).organisation);
  return new FhirClient(fhirBaseOf(organisation), await tokenFor(data, state, handle, options));
}
