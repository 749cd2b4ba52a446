import { plainResource, withId } from '../../fhir/index.ts';
import type { KeptAnswer, WriteResult } from '../../ports.ts';
import { json, type Rendered, writeAnswer } from '../answers.ts';
import { type BundleEntry, bundleText } from '../bundle-text.ts';
import { keepUnwritten, keptEntries, type KeptEntry, writtenAgain } from '../idempotency.ts';
import type { RestAnswer, Visit } from '../visit.ts';
import { asLostUpdate, commit, renderedDraft } from '../write/commit.ts';
import { type Draft, draftAll, type Proposal, tombstoneOf } from '../write/drafts.ts';
import { performEntry } from './batch.ts';
import { type Entry, placeOf } from './entries.ts';
import { type Links, linksOf, relinked } from './links.ts';
import { planOf, type Planned } from './plan.ts';
import { entryAnswer } from './responses.ts';
import { conditionKeys, routed } from './routed.ts';

/** Everything or nothing: one ledger transaction. Its GETs are answered after the commit and see it. */
export async function transaction(visit: Visit, entries: readonly Entry[]): Promise<RestAnswer> {
  const steps = routed(visit, entries);
  return visit.server.locks.holding(conditionKeys(steps), async () => {
    const planned = await planOf(visit, steps);
    const drafts = await draftPlanned(visit, planned, await linksOf(visit, planned));
    const result = await commitDrafts(visit, planned, drafts);
    return renderTransaction(visit, planned, new Map(drafts.map((draft) => [draft.id, draft])), result);
  });
}

/** The same answer as before; its GETs are answered as of today. */
export async function transactionAgain(
  visit: Visit,
  entries: readonly Entry[],
  kept: KeptAnswer,
): Promise<RestAnswer> {
  const minimal = {
    ...visit,
    prefer: { ...visit.prefer, return: visit.prefer.return ?? ('minimal' as const) },
  };
  const answers: BundleEntry[] = [];
  for (const [i, entry] of keptEntries(kept).entries()) {
    const answer =
      entry.status === 'read'
        ? await performEntry(visit, entries[i] as Entry)
        : entry.status === 204
          ? { status: 204 }
          : await writtenAgain(minimal, entry, kept);
    answers.push(entryAnswer(visit, answer));
  }
  return json(200, bundleText({ type: 'transaction-response' }, answers));
}

async function draftPlanned(visit: Visit, planned: readonly Planned[], links: Links): Promise<Draft[]> {
  const proposals = planned.flatMap((step) => (step.kind === 'write' ? [proposalOf(step, links)] : []));
  const tombstones = planned.flatMap((step) =>
    step.kind === 'delete' && step.head.text !== null ? [tombstoneOf(step.head)] : [],
  );
  return [...tombstones, ...(await draftAll(visit, proposals))];
}

function proposalOf(
  { entry, type, id, resource, previous }: Extract<Planned, { kind: 'write' }>,
  links: Links,
): Proposal {
  const rewritten = withId(relinked(links, entry, resource), id);
  const version = (previous?.version ?? 0) + 1;
  const place = `${placeOf(entry.index)}.resource`;
  return { type, id, version, resource: rewritten, plain: plainResource(rewritten), previous, place };
}

async function commitDrafts(
  visit: Visit,
  planned: readonly Planned[],
  drafts: readonly Draft[],
): Promise<WriteResult | undefined> {
  const kept = planned.map((step) => keptStep(step));
  if (drafts.length === 0) {
    keepUnwritten(visit, kept);
    return undefined;
  }
  try {
    return await commit(visit, drafts, kept);
  } catch (cause) {
    throw asLostUpdate(
      cause,
      planned.some(({ entry }) => entry.ifMatch !== undefined),
    );
  }
}

function keptStep(step: Planned): KeptEntry {
  switch (step.kind) {
    case 'read':
      return { status: 'read' };
    case 'delete':
      return { status: 204 };
    case 'existing': {
      const { type, id, version, lastUpdated } = step.found;
      return { status: 200, type, id, version, lastUpdated };
    }
    case 'duplicate':
      return { status: 200, type: step.type, id: step.id, version: 1 };
    default: {
      const { type, id, previous } = step;
      return { status: previous === undefined ? 201 : 200, type, id, version: (previous?.version ?? 0) + 1 };
    }
  }
}

async function renderTransaction(
  visit: Visit,
  planned: readonly Planned[],
  drafts: ReadonlyMap<string, Draft>,
  result: WriteResult | undefined,
): Promise<RestAnswer> {
  const written = (id: string): Rendered | undefined => {
    const draft = drafts.get(id);
    return draft === undefined || result === undefined ? undefined : renderedDraft(draft, result);
  };
  const entries: BundleEntry[] = [];
  for (const step of planned) entries.push(entryAnswer(visit, await answerOf(visit, step, written)));
  return json(200, bundleText({ type: 'transaction-response' }, entries));
}

async function answerOf(
  visit: Visit,
  step: Planned,
  written: (id: string) => Rendered | undefined,
): Promise<RestAnswer> {
  switch (step.kind) {
    case 'read':
      return performEntry(visit, step.entry);
    case 'existing':
      return entryWritten(visit, 200, step.found, 'It existed already; nothing was written');
    case 'duplicate':
      return entryWritten(visit, 200, wanted(written(step.id)), 'Another entry of this bundle is the same');
    case 'write':
      return entryWritten(
        visit,
        step.previous === undefined ? 201 : 200,
        wanted(written(step.id)),
        'Written',
      );
    default:
      return { status: 204 };
  }
}

/** Resources come back only on request: whoever sends a bundle has them. */
function entryWritten(visit: Visit, status: 200 | 201, rendered: Rendered, diagnostics: string): RestAnswer {
  const prefer = { ...visit.prefer, return: visit.prefer.return ?? ('minimal' as const) };
  return writeAnswer({ ...visit, prefer }, status, rendered, diagnostics);
}

function wanted(rendered: Rendered | undefined): Rendered {
  if (rendered === undefined) throw new Error('An entry of a transaction was left out of it');
  return rendered;
}
