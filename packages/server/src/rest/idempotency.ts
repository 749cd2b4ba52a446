import { canonical, sha256, toHex, utf8, type RecordId } from '@healthchain/core';
import type { KeptAnswer, RepeatKey } from '../ports.ts';
import type { StoredVersion } from '../store/index.ts';
import { renderedOf, writeAnswer } from './answers.ts';
import { RestError } from './error.ts';
import { mayRead } from './release.ts';
import { pass, type RestAnswer, type Visit } from './visit.ts';
import type { Draft } from './write/drafts.ts';

/** What a repeated request needs to be answered as the first one was: names, no content. */
export type KeptEntry =
  | {
      readonly status: 200 | 201;
      readonly type: string;
      readonly id: RecordId;
      readonly version: number | string;
      /** Absent: that of the transaction. */
      readonly lastUpdated?: string;
    }
  | { readonly status: 204 }
  /** A GET of a transaction: read again. */
  | { readonly status: 'read' };

const KEY = /^[\x21-\x7e]{1,255}$/;
const RETRY_AFTER_S = '1';

/**
 * Runs a write that came with `Idempotency-Key` at most once: a repeated request gets the first one's answer, for as long as
 * ports.ts `KeptAnswers` says (draft-ietf-httpapi-idempotency-key-header). The key counts for its caller and for this request: a
 * refused request keeps nothing and may be mended and sent again under the same key.
 *
 * @throws RestError PARAMETER for no key, BUSINESS_RULE for another request under a used key, CONFLICT while the first has no outcome
 */
export async function onceOnly(
  visit: Visit,
  run: (visit: Visit) => Promise<RestAnswer>,
  again: (visit: Visit, kept: KeptAnswer) => Promise<RestAnswer> = answerAgain,
): Promise<RestAnswer> {
  const repeat = repeatOf(visit);
  if (repeat === undefined) return run(visit);
  const { caller } = visit.context;
  return visit.server.locks.holding([`Idempotency-Key ${caller.userId} ${repeat.key}`], async () => {
    const kept = visit.server.exchange.answers.find(caller, repeat.key);
    if (kept === undefined) return run({ ...visit, repeat });
    assertSame(kept, repeat);
    passWrite(visit);
    return asReplayed(await again(visit, kept));
  });
}

/** Keeps the answer of a request that found nothing to write. */
export function keepUnwritten(visit: Visit, entries: readonly KeptEntry[]): void {
  if (visit.repeat !== undefined)
    visit.server.exchange.answers.keep(visit.context.caller, visit.repeat, JSON.stringify(entries));
}

/** The entry of a version that a draft writes. */
export function keptDraft({ type, id, version, resource }: Draft): KeptEntry {
  return resource === null ? { status: 204 } : { status: version === 1 ? 201 : 200, type, id, version };
}

export function keptEntries({ answer }: KeptAnswer): readonly KeptEntry[] {
  return JSON.parse(answer) as readonly KeptEntry[];
}

/** What was written is not shown to who may not read it any more: then the answer is that of `return=minimal`. */
export async function writtenAgain(
  visit: Visit,
  entry: Extract<KeptEntry, { status: 200 | 201 }>,
  kept: KeptAnswer,
): Promise<RestAnswer> {
  const { type, id, version } = entry;
  const record = await shownVersion(visit, entry);
  const lastUpdated = entry.lastUpdated ?? kept.lastUpdated ?? '';
  const rendered = record === undefined ? { type, id, version, lastUpdated, text: null } : renderedOf(record);
  const prefer = record !== undefined ? visit.prefer : { ...visit.prefer, return: 'minimal' as const };
  return writeAnswer({ ...visit, prefer }, entry.status, rendered, 'Answered before under this key');
}

async function shownVersion(
  visit: Visit,
  { type, id, version }: Extract<KeptEntry, { status: 200 | 201 }>,
): Promise<StoredVersion | undefined> {
  if (visit.prefer.return === 'minimal') return undefined;
  const record = visit.server.store.version(type, id, Number(version));
  if (record === undefined || record.text === null) return undefined;
  return (await mayRead(visit, record)) ? record : undefined;
}

/** @throws RestError PARAMETER where a request with a key would be done again */
export function assertNoKey(visit: Visit): void {
  if (visit.request.headers['idempotency-key'] !== undefined)
    throw badKey(`is not kept for ${visit.request.path['type'] ?? visit.interaction}`);
}

async function answerAgain(visit: Visit, kept: KeptAnswer): Promise<RestAnswer> {
  const [entry] = keptEntries(kept);
  if (entry === undefined || entry.status === 'read') throw new Error('A write was kept without its answer');
  return entry.status === 204 ? { status: 204 } : writtenAgain(visit, entry, kept);
}

/** The key of RFC 8941's string form, or bare. */
function repeatOf(visit: Visit): RepeatKey | undefined {
  const header = visit.request.headers['idempotency-key'];
  if (header === undefined) return undefined;
  const key = /^"(.*)"$/.exec(header.trim())?.[1] ?? header.trim();
  if (!KEY.test(key)) throw badKey('must be 1 to 255 visible ASCII characters');
  return { key, fingerprint: fingerprintOf(visit) };
}

function fingerprintOf({ request }: Visit): string {
  const { method, pathname, parameters, headers, body } = request;
  const conditions = [headers['if-match'] ?? '', headers['if-none-exist'] ?? ''];
  const content = method === 'DELETE' ? '' : canonical(body());
  return toHex(
    sha256(utf8(JSON.stringify([method, pathname, parameters.toString(), ...conditions, content]))),
  );
}

function assertSame(kept: KeptAnswer, repeat: RepeatKey): void {
  if (kept.fingerprint !== repeat.fingerprint) {
    throw new RestError('BUSINESS_RULE', 'The Idempotency-Key was used for another request', {
      details: { expression: 'http.Idempotency-Key' },
    });
  }
  if (!kept.isSettled) {
    throw new RestError('CONFLICT', 'The first request under this Idempotency-Key has no outcome yet', {
      details: { expression: 'http.Idempotency-Key', headers: { 'retry-after': RETRY_AFTER_S } },
    });
  }
}

/** Says that nothing was done, as other APIs with such keys do. */
function asReplayed(answer: RestAnswer): RestAnswer {
  return { ...answer, headers: { ...answer.headers, 'idempotent-replayed': 'true' } };
}

/** The first request took these steps, or nothing would be kept. */
function passWrite(visit: Visit): void {
  for (const step of ['validate', 'locate', 'decide', 'write', 'render'] as const) pass(visit, step);
}

function badKey(complaint: string): RestError {
  return new RestError('PARAMETER', `Idempotency-Key ${complaint}`, {
    details: { expression: 'http.Idempotency-Key' },
  });
}
