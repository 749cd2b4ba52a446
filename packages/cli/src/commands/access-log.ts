import { writeFileSync } from 'node:fs';
import { optionalText, requiredText } from '../arguments.ts';
import type { Command } from '../command.ts';
import { requireState } from '../consortium/state.ts';
import { clientFor } from '../consortium/tokens.ts';
import type { SearchEntry } from '../fhir-client.ts';
import { table } from '../output.ts';

export const accessLog: Command = {
  summary:
    'Lists who read or asked for a patient’s records; --export writes the proofs for verify --offline.',
  usage: '--as USER --patient ID [--export FILE]',
  options: { as: { type: 'string' }, patient: { type: 'string' }, export: { type: 'string' } },
  async run({ options, data, output }) {
    const client = await clientFor(data, requireState(data), requiredText(options, 'as'));
    const patient = requiredText(options, 'patient');
    const file = optionalText(options, 'export');
    if (file !== undefined) {
      const response = await client.expect('GET', `Patient/${patient}/$access-log`, undefined, {
        accept: 'application/json',
      });
      writeFileSync(file, response.text, { mode: 0o600 });
      output.print({ file }, () => [`Proofs written to ${file}`]);
      return;
    }
    const events: SearchEntry['resource'][] = [];
    for await (const entry of client.search(`AuditEvent?patient=${patient}`)) {
      if (entry.resource.resourceType === 'AuditEvent') events.push(entry.resource);
    }
    output.print(events, () =>
      table([['WHEN', 'WHO', 'ROLE', 'OUTCOME', 'PURPOSE', 'RECORDS'], ...events.map(row)]),
    );
  },
};

/** DICOM's object role of a record; the others are the patient, the grant and the request. */
const RECORD_ROLE = '4';

interface AuditEvent {
  readonly recorded?: string;
  readonly outcome?: string;
  readonly outcomeDesc?: string;
  readonly agent?: readonly {
    readonly who?: { display?: string; identifier?: { value?: string } };
    readonly type?: { text?: string };
    readonly role?: readonly { text?: string; coding?: readonly { code?: string }[] }[];
  }[];
  readonly purposeOfEvent?: readonly { readonly coding?: readonly { code?: string }[] }[];
  readonly entity?: readonly { readonly role?: { readonly code?: string } }[];
}

function row(resource: SearchEntry['resource']): string[] {
  const event = resource as AuditEvent;
  const agent = event.agent?.[0];
  return [
    event.recorded ?? '',
    agent?.who?.display ?? agent?.who?.identifier?.value ?? '',
    agent?.role?.[0]?.coding?.[0]?.code ?? '',
    event.outcomeDesc ?? (event.outcome === '0' ? 'released' : 'refused'),
    event.purposeOfEvent?.[0]?.coding?.[0]?.code ?? '',
    String((event.entity ?? []).filter(({ role }) => role?.code === RECORD_ROLE).length),
  ];
}
