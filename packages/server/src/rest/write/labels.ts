import { RESTRICTED, type RecordLabels } from '@healthchain/core';
import { labelRecord, labelReferences, localReference, typeRow } from '../../fhir/index.ts';
import type { LedgerVersion } from '../../ports.ts';
import { openForeign } from '../foreign.ts';
import type { Visit } from '../visit.ts';
import type { Proposal } from './drafts.ts';

/** Of another organisation's record that is restricted and that the caller may not read: nothing milder than it could be. */
const UNKNOWN_LABELS: RecordLabels = { categories: ['other'], confidentiality: 'V', sensitivities: [] };

/**
 * The labels of each proposal: by its own content, its encounter and entries (of the same body, of the store, of other
 * organisations), and the version before. Undefined for types without a category.
 */
export async function labelProposals(
  visit: Visit,
  proposals: readonly Proposal[],
): Promise<(RecordLabels | undefined)[]> {
  const labelled = proposals.filter(({ type }) => typeRow(type)?.category !== undefined);
  const names = new Set(proposals.map(nameOfProposal));
  const known = await knownLabels(
    visit,
    referencesOf(visit, labelled).filter((name) => !names.has(name)),
  );
  const labels = settle(visit, labelled, known);
  return proposals.map((proposal) => labels.get(nameOfProposal(proposal)));
}

/**
 * Siblings of a body inherit from each other, perhaps in a circle (an encounter's reason, the reason's encounter). Labels only
 * ever rise: whoever was labelled before a record that it refers to rose is labelled again.
 */
function settle(
  visit: Visit,
  proposals: readonly Proposal[],
  known: ReadonlyMap<string, RecordLabels>,
): ReadonlyMap<string, RecordLabels> {
  const settled = new Map<string, RecordLabels>();
  const dependents = dependentsOf(visit, proposals);
  // Encounters first: nearly everything else inherits from one.
  const open = new Set(
    proposals.toSorted(
      (left, right) => Number(right.type === 'Encounter') - Number(left.type === 'Encounter'),
    ),
  );
  for (const proposal of open) {
    open.delete(proposal);
    const name = nameOfProposal(proposal);
    const labels = labelsOf(visit, proposal, (reference) => settled.get(reference) ?? known.get(reference));
    if (isSame(settled.get(name), labels)) continue;
    settled.set(name, labels);
    for (const dependent of dependents.get(name) ?? [])
      if (settled.has(nameOfProposal(dependent))) open.add(dependent);
  }
  return settled;
}

/** Who refers to a name. */
function dependentsOf(
  visit: Visit,
  proposals: readonly Proposal[],
): ReadonlyMap<string, readonly Proposal[]> {
  const pairs = proposals.flatMap((proposal) =>
    referencesOf(visit, [proposal]).map((name) => ({ name, proposal })),
  );
  const grouped = Map.groupBy(pairs, ({ name }) => name);
  return new Map([...grouped].map(([name, group]) => [name, group.map(({ proposal }) => proposal)]));
}

function labelsOf(
  visit: Visit,
  { plain, previous }: Proposal,
  find: (name: string) => RecordLabels | undefined,
): RecordLabels {
  const before = previous?.labels ?? undefined;
  return labelRecord(plain, {
    labelsOf: (reference) => {
      const name = nameOf(visit, reference);
      return name === undefined ? undefined : find(name);
    },
    ...(before === undefined ? {} : { previous: before }),
  });
}

async function knownLabels(
  visit: Visit,
  names: readonly string[],
): Promise<ReadonlyMap<string, RecordLabels>> {
  const known = new Map<string, RecordLabels>();
  for (const name of new Set(names)) {
    const labels = await storedLabels(visit, name);
    if (labels !== undefined) known.set(name, labels);
  }
  return known;
}

async function storedLabels(visit: Visit, name: string): Promise<RecordLabels | undefined> {
  const [type, id] = name.split('/') as [string, string];
  const head = visit.server.store.get(type, id);
  if (head !== undefined) return head.labels ?? undefined;
  if (typeRow(type)?.kind === 'directory') return undefined;
  const versions = await visit.server.exchange.versions(id);
  const foreign = versions.at(-1);
  return foreign === undefined || foreign.kind === 'retract' ? undefined : foreignLabels(visit, foreign);
}

/** The ledger shows the categories of what is N; what is restricted has to be opened. */
async function foreignLabels(visit: Visit, version: LedgerVersion): Promise<RecordLabels> {
  if (!version.categories.includes(RESTRICTED)) {
    const categories = version.categories as RecordLabels['categories'];
    return { categories, confidentiality: 'N', sensitivities: [] };
  }
  const { records } = await openForeign(visit, [version]);
  return records[0]?.labels ?? UNKNOWN_LABELS;
}

function referencesOf(visit: Visit, proposals: readonly Proposal[]): string[] {
  return proposals
    .flatMap(({ plain }) => labelReferences(plain))
    .flatMap((reference) => nameOf(visit, reference) ?? []);
}

function nameOf(visit: Visit, reference: string): string | undefined {
  const local = localReference(reference, visit.server.memberBases);
  return local === undefined ? undefined : `${local.type}/${local.id}`;
}

function nameOfProposal({ type, id }: Proposal): string {
  return `${type}/${id}`;
}

function isSame(left: RecordLabels | undefined, right: RecordLabels): boolean {
  return left !== undefined && JSON.stringify(left) === JSON.stringify(right);
}
