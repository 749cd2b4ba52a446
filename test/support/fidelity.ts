import type { FhirClient } from '@healthchain/cli';
import { canonical, parseExact, type ExactJson } from '@healthchain/core';
import { CATEGORY_SYSTEM } from '@healthchain/server';

interface Response {
  readonly status: string;
  readonly location: string;
}
type ExactObject = { [name: string]: ExactJson };

/** One entry of a transaction bundle, and where the server put it. */
export interface Imported {
  /** As it was sent, without its id. */
  readonly source: ExactObject;
  readonly type: string;
  readonly id: string;
  /** False: a directory entry that was there already. */
  readonly isCreated: boolean;
}

/** Where a transaction's entries went, by the answer that the server gave to it. */
export function importedBy(bundleText: string, answerText: string): Imported[] {
  const sent = entriesOf(bundleText);
  const answered = entriesOf(answerText).map((entry) => entry['response'] as unknown as Response);
  const places = answered.map(({ location }) => location.split('/') as [string, string]);
  const links = new Map(sent.map((entry, i) => [entry['fullUrl'], places[i]?.slice(0, 2).join('/')]));
  return sent.map((entry, i) => {
    const { id: _, ...resource } = entry['resource'] as ExactObject;
    const [type, id] = places[i] as [string, string];
    const isCreated = answered[i]?.status.startsWith('201') === true;
    return { source: relinked(resource, links) as ExactObject, type, id, isCreated };
  });
}

/**
 * What has to come back for it, canonical: references rewritten, and of a Practitioner no private contact details
 * (design/health.md section 5). Digits of numbers and tags as sent.
 */
export function expectedText({ source, type }: Imported): string {
  if (type !== 'Practitioner') return canonical(source);
  const { birthDate: _b, photo: _p, text: _t, address, telecom, ...rest } = source;
  const ofWork = (value: ExactJson | undefined): ExactJson[] =>
    (Array.isArray(value) ? value : []).filter((each) => (each as ExactObject)['use'] === 'work');
  const contacts = Object.entries({ address: ofWork(address), telecom: ofWork(telecom) });
  return canonical({ ...rest, ...Object.fromEntries(contacts.filter(([, value]) => value.length > 0)) });
}

/** What a server served, without what servers add: id, version, time, category tags, and labels that were not sent. */
function servedText(text: string, { source }: Imported): string {
  const { id: _, meta, ...resource } = parseExact(text) as ExactObject;
  const { versionId: _v, lastUpdated: _l, tag, security, ...rest } = meta as ExactObject;
  const sent = ((source['meta'] as ExactObject | undefined)?.['security'] ?? []) as ExactJson[];
  const wasSent = (label: ExactJson): boolean => sent.some((each) => canonical(each) === canonical(label));
  const isOurs = (each: ExactJson): boolean => (each as ExactObject)['system'] === CATEGORY_SYSTEM;
  const kept = {
    ...rest,
    ...nonEmpty(
      'tag',
      ((tag ?? []) as ExactJson[]).filter((each) => !isOurs(each)),
    ),
    ...nonEmpty('security', ((security ?? []) as ExactJson[]).filter(wasSent)),
  };
  return canonical(Object.keys(kept).length === 0 ? resource : { ...resource, meta: kept });
}

/** Every difference between what was imported and what a user reads, as `Type/id`. */
export async function differences(client: FhirClient, imported: readonly Imported[]): Promise<string[]> {
  const found: string[] = [];
  for (const each of imported.filter(({ isCreated }) => isCreated)) {
    const { status, text } = await client.request('GET', `${each.type}/${each.id}`);
    if (status !== 200 || servedText(text, each) !== expectedText(each))
      found.push(`${each.type}/${each.id}: ${status}`);
  }
  return found;
}

function entriesOf(text: string): ExactObject[] {
  return (parseExact(text) as ExactObject)['entry'] as ExactObject[];
}

function relinked(value: ExactJson, links: ReadonlyMap<unknown, string | undefined>): ExactJson {
  if (typeof value === 'string') return links.get(value) ?? value;
  if (Array.isArray(value)) return value.map((member) => relinked(member, links));
  if (value === null || typeof value !== 'object' || JSON.isRawJSON(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, relinked(member, links)]));
}

function nonEmpty(name: string, list: ExactJson[]): ExactObject {
  return list.length === 0 ? {} : { [name]: list };
}
