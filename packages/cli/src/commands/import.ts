import { join, resolve } from 'node:path';
import { optionalText, requiredText } from '../arguments.ts';
import type { Command } from '../command.ts';
import { organisationOf, requireState, serverDirectory, userOf } from '../consortium/state.ts';
import { clientFor } from '../consortium/tokens.ts';
import { CliError } from '../error.ts';
import { ImportJournal } from '../import/journal.ts';
import { readInput } from '../import/read-input.ts';
import { runImport } from '../import/run.ts';

export const importCommand: Command = {
  summary:
    'Imports FHIR bundles (transaction, batch, collection) and NDJSON; run again, it resumes and repeats nothing.',
  usage: '--org north --as USER FILE…',
  options: { org: { type: 'string' }, as: { type: 'string' }, journal: { type: 'string' } },
  async run({ options, positionals, data, output }) {
    if (positionals.length === 0) throw new CliError('USAGE', 'Name at least one file');
    const state = requireState(data);
    const organisation = organisationOf(state, requiredText(options, 'org'));
    const handle = requiredText(options, 'as');
    if (userOf(state, handle).organisation !== organisation.name) {
      throw new CliError('USAGE', `${handle} is no user of ${organisation.name}`);
    }
    const units = positionals.flatMap((file) => readInput(resolve(file)));
    const journal = new ImportJournal(
      optionalText(options, 'journal') ?? join(serverDirectory(data, organisation), 'import.journal'),
    );
    try {
      const client = await clientFor(data, state, handle);
      const report = await runImport(client, units, journal, (line) => output.progress(line));
      output.print(report, () => [
        `${report.resources} resources in ${report.files} bundles: ${report.created} created, ` +
          `${report.matched} already in the directory, ${report.skipped} imported earlier`,
      ]);
    } finally {
      journal.close();
    }
  },
};
