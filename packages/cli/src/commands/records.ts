import { requiredText } from '../arguments.ts';
import type { Command } from '../command.ts';
import { requireState } from '../consortium/state.ts';
import { clientFor } from '../consortium/tokens.ts';
import type { SearchEntry } from '../fhir-client.ts';
import { table } from '../output.ts';
import { purposeOf } from './token.ts';
import { optionalText } from '../arguments.ts';

export const records: Command = {
  summary: 'Lists every record of a patient that the user may read, of all organisations.',
  usage: '--as USER --patient ID [--purpose TREAT]',
  options: { as: { type: 'string' }, patient: { type: 'string' }, purpose: { type: 'string' } },
  async run({ options, data, output }) {
    const purpose = purposeOf(optionalText(options, 'purpose'));
    const client = await clientFor(
      data,
      requireState(data),
      requiredText(options, 'as'),
      purpose === undefined ? {} : { purpose },
    );
    const entries: SearchEntry[] = [];
    for await (const entry of client.search(`Patient/${requiredText(options, 'patient')}/$everything`)) {
      entries.push(entry);
      if (entries.length % 100 === 0) output.progress(`${entries.length} records`);
    }
    const resources = entries.map((entry) => entry.resource);
    output.print(resources, () =>
      table([['TYPE', 'ID', 'VERSION', 'UPDATED', 'TEXT'], ...resources.map(row)]),
    );
  },
};

function row(resource: SearchEntry['resource']): string[] {
  const meta = (resource['meta'] ?? {}) as { versionId?: string; lastUpdated?: string };
  const code = (resource['code'] ?? resource['type'] ?? {}) as {
    text?: string;
    coding?: { display?: string }[];
  };
  const text = code.text ?? code.coding?.[0]?.display ?? '';
  return [resource.resourceType, resource.id ?? '', meta.versionId ?? '', meta.lastUpdated ?? '', text];
}
