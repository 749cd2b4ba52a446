import { CATEGORIES, PURPOSES, SENSITIVITIES } from '@healthchain/core';
import { onePositional, optionalText, requiredText, wholeNumber } from '../arguments.ts';
import type { Command } from '../command.ts';
import { consentResource } from '../consortium/consent.ts';
import { organisationOf, requireState, userOf } from '../consortium/state.ts';
import { clientFor } from '../consortium/tokens.ts';
import type { Resource } from '../demo/resources.ts';
import type { ConsentTerms } from '../demo/story.ts';
import { CliError } from '../error.ts';
import type { FhirClient } from '../fhir-client.ts';

const RIGHTS = ['read', 'write', 'authorise'] as const;

export const grant: Command = {
  summary:
    'Grants a user access to a patient’s records, or denies it, as a Consent signed by the patient or who may authorise.',
  usage:
    '--as USER --patient ID --to USER [--deny] [--rights read,write,authorise] [--categories laboratory,…] ' +
    '[--sensitivities PSY,…|*] [--purposes TREAT] [--days 1] [--parent CONSENT]',
  options: {
    as: { type: 'string' },
    patient: { type: 'string' },
    to: { type: 'string' },
    deny: { type: 'boolean', default: false },
    rights: { type: 'string' },
    categories: { type: 'string' },
    sensitivities: { type: 'string' },
    purposes: { type: 'string' },
    days: { type: 'string' },
    parent: { type: 'string' },
  },
  async run({ options, data, output }) {
    const state = requireState(data);
    const grantee = userOf(state, requiredText(options, 'to'));
    const { mspId } = organisationOf(state, grantee.organisation);
    const patientId = requiredText(options, 'patient');
    const parentId = optionalText(options, 'parent')?.replace(/^Consent\//, '');
    const categories = listOf(optionalText(options, 'categories'), CATEGORIES, '--categories');
    const sensitivities = listOf(optionalText(options, 'sensitivities'), SENSITIVITIES, '--sensitivities');
    const terms: ConsentTerms = {
      patient: patientId,
      type: options['deny'] === true ? 'deny' : 'permit',
      grantee: grantee.handle,
      rights: listOf(optionalText(options, 'rights'), RIGHTS, '--rights') ?? ['read'],
      categories: categories ?? '*',
      ...(sensitivities === undefined ? {} : { sensitivities }),
      purposes: listOf(optionalText(options, 'purposes'), PURPOSES, '--purposes') ?? ['TREAT'],
      days: wholeNumber(options, 'days', { default: 1, min: 1, max: 36_500 }),
    };
    const resource = consentResource(terms, {
      patientId,
      parentId,
      grantee: { mspId, userId: grantee.userId },
    });
    const client = await clientFor(data, state, requiredText(options, 'as'));
    if (parentId !== undefined) endWith(resource, await periodEndOf(client, parentId));
    const response = await client.expect('POST', 'Consent', JSON.stringify(resource));
    const created = JSON.parse(response.text) as { id: string };
    output.print(created, () => [`Consent/${created.id}`]);
  },
};

/** What is passed on ends with the grant that it comes from, or earlier. */
function endWith(consent: Resource, latest: string | undefined): void {
  const { period } = consent['provision'] as { period: { end: string } };
  if (latest !== undefined && Date.parse(period.end) > Date.parse(latest)) period.end = latest;
}

async function periodEndOf(client: FhirClient, consentId: string): Promise<string | undefined> {
  const { text } = await client.expect('GET', `Consent/${consentId}`);
  return (JSON.parse(text) as { provision?: { period?: { end?: string } } }).provision?.period?.end;
}

export const revoke: Command = {
  summary: 'Revokes a grant and everything that was passed on from it.',
  usage: '--as USER CONSENT',
  options: { as: { type: 'string' } },
  async run(context) {
    const id = onePositional(context, 'Consent id').replace(/^Consent\//, '');
    const client = await clientFor(
      context.data,
      requireState(context.data),
      requiredText(context.options, 'as'),
    );
    const current = await client.expect('GET', `Consent/${id}`);
    const inactive = { ...(JSON.parse(current.text) as object), status: 'inactive' };
    const response = await client.expect('PUT', `Consent/${id}`, JSON.stringify(inactive));
    const revoked = JSON.parse(response.text) as { id: string; status: string };
    context.output.print(revoked, () => [`Consent/${revoked.id}: ${revoked.status}`]);
  },
};

function listOf<Value extends string>(
  text: string | undefined,
  allowed: readonly Value[],
  option: string,
): Value[] | undefined {
  if (text === undefined) return undefined;
  if (text === '*') return [...allowed];
  return text.split(',').map((part) => {
    const value = allowed.find((candidate) => candidate === part);
    if (value === undefined)
      throw new CliError('USAGE', `${option}: ${part} is not one of ${allowed.join(', ')}`);
    return value;
  });
}
