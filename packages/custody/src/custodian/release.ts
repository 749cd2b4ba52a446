import { CustodyError } from '../errors.ts';
import type { AccessLog } from '../log/access-log.ts';
import { parseEntry, type EntryDraft, type SignedEntry } from '../log/format.ts';
import type { Gate, Identities, Identity, LedgerView, Tip } from '../ports.ts';
import type { Answer, LogAnswer } from '../request/answer.ts';
import {
  parseRequest,
  requestHash,
  type AccessRequest,
  type LogRequest,
  type ReadRequest,
  type RebuildRequest,
  type SignedRequest,
} from '../request/format.ts';
import { assertAddressed, authenticate, type Addressee } from '../request/verify.ts';
import type { Vault } from '../store/vault.ts';
import { answerFrom, type AnswerSource } from './answer.ts';
import { decideRead, decideRebuild } from './decide.ts';
import { commonMembers, draftEntries, type Decided } from './drafts.ts';
import type { Emergencies } from './emergencies.ts';
import type { Freshness } from './freshness.ts';
import type { Intake } from './intake.ts';
import type { RequestLimits } from './limits.ts';
import { Once, reused } from './once.ts';
import type { Summaries } from './summaries.ts';

/** How long a request waits for a block that its reader has seen and this custodian has not. */
const CATCH_UP_MS = 1_000;

export interface ReleaseParts {
  readonly vault: Vault;
  readonly log: AccessLog;
  readonly intake: Intake;
  readonly limits: RequestLimits;
  readonly summaries: Summaries;
  readonly freshness: Freshness;
  readonly emergencies: Emergencies;
  readonly ledger: LedgerView;
  readonly identities: Identities;
  readonly gate: Gate;
  readonly source: AnswerSource;
}

interface Admitted {
  readonly asker: Identity;
  readonly tip: Tip;
}

/** Answers signed requests (custody.md section 4). */
export class Release {
  readonly #parts: ReleaseParts;
  readonly #answers: Once<Answer>;
  readonly #logAnswers: Once<LogAnswer>;

  constructor(parts: ReleaseParts, now: Addressee['now']) {
    this.#parts = parts;
    this.#answers = new Once(now);
    this.#logAnswers = new Once(now);
  }

  async records(signed: SignedRequest, to: Addressee): Promise<Answer> {
    const request = parseRequest(signed);
    if (request.kind === 'log') throw new CustodyError('MALFORMED', 'This is a request for a log');
    assertAddressed(request, to);
    const hash = requestHash(signed);
    return this.#answers.run(nameOf(request), hash, Date.parse(request.notAfter), async () => {
      const repeated = await this.#answerAgain(request, hash);
      return repeated ?? (await this.#answer(request, signed, to));
    });
  }

  async log(signed: SignedRequest, to: Addressee): Promise<LogAnswer> {
    const request = parseRequest(signed);
    if (request.kind !== 'log') throw new CustodyError('MALFORMED', 'This is a request for records');
    assertAddressed(request, to);
    const hash = requestHash(signed);
    return this.#logAnswers.run(nameOf(request), hash, Date.parse(request.notAfter), async () => {
      const entry = this.#loggedBefore(request, hash) ?? (await this.#logRead(request, signed, to));
      if (parseEntry(entry.text).kind !== 'log-read')
        throw new CustodyError('REFUSED', 'The gate refuses this log');
      return { entry, log: this.#parts.log.personLog(request.person) };
    });
  }

  async #answer(
    request: ReadRequest | RebuildRequest,
    signed: SignedRequest,
    to: Addressee,
  ): Promise<Answer> {
    const { asker, tip } = await this.#admit(request, signed, to);
    const decided = await this.#decide(request, asker);
    const facts = { requestHash: requestHash(signed), asker, height: tip.height };
    const entries = await this.#parts.log.append(draftEntries(request, facts, decided));
    return answerFrom(this.#parts.source, request, { requestHash: facts.requestHash, tip, entries });
  }

  /** After a restart the log tells what a request got before. */
  async #answerAgain(request: ReadRequest | RebuildRequest, hash: string): Promise<Answer | undefined> {
    const first = this.#loggedBefore(request, hash);
    if (first === undefined) return undefined;
    const { height = 0 } = parseEntry(first.text);
    const headerHash = await this.#parts.ledger.headerHash(height);
    if (headerHash === undefined)
      throw new CustodyError('STALE', 'The own peer has lost the block that was decided on');
    const entries = this.#loggedFor(request);
    return answerFrom(this.#parts.source, request, {
      requestHash: hash,
      tip: { height, headerHash },
      entries,
    });
  }

  /** The first entry that the request left. @throws CustodyError REQUEST_ID_REUSED when another request left it */
  #loggedBefore(request: AccessRequest, hash: string): SignedEntry | undefined {
    const [first] = this.#loggedFor(request);
    if (first !== undefined && parseEntry(first.text).requestHash !== hash) throw reused();
    return first;
  }

  /** Ids are each organisation's own: one that another organisation used first takes nothing away. */
  #loggedFor({ id, server }: AccessRequest): SignedEntry[] {
    return this.#parts.log
      .entriesOf(id)
      .filter(({ text }) => parseEntry(text).subject.mspId === server.mspId);
  }

  /** Who asks, and the block that the decision rests on at least. Cheap refusals come first, signatures after the limits. */
  async #admit(request: AccessRequest, signed: SignedRequest, to: Addressee): Promise<Admitted> {
    this.#takeFromLimits(request, to);
    const asker = await authenticate(request, signed, this.#parts.identities);
    this.#parts.freshness.observe(request.server.mspId, request.ledger);
    const tip = await this.#freshTip(request.ledger);
    if (request.kind === 'read') await this.#admitEmergency(request, asker, to);
    return { asker, tip };
  }

  #takeFromLimits(request: AccessRequest, { member }: Addressee): void {
    try {
      this.#parts.limits.take(request, member);
    } catch (cause) {
      this.#parts.summaries.count(request.kind === 'rebuild' ? null : request.person, member);
      throw cause;
    }
  }

  /** @throws CustodyError STALE, FORKED */
  async #freshTip(seen: Tip): Promise<Tip> {
    const { intake, ledger, freshness } = this.#parts;
    const ingested = await intake.tipAt(seen.height, CATCH_UP_MS);
    if (ingested === undefined || ingested.height < seen.height) {
      throw new CustodyError('STALE', 'The custodian has not reached the block that the request names');
    }
    await freshness.assertFresh(ingested);
    const own = await ledger.headerHash(seen.height);
    if (own !== undefined && own !== seen.headerHash) {
      throw new CustodyError('FORKED', `The request rests on another block ${seen.height}`);
    }
    return ledger.tip();
  }

  async #admitEmergency(request: ReadRequest, asker: Identity, { now }: Addressee): Promise<void> {
    if (request.emergency === undefined) return;
    if (request.purpose !== 'ETREAT')
      throw new CustodyError('WRONG_PURPOSE', 'An emergency is for ETREAT only');
    this.#parts.emergencies.admit(await this.#parts.ledger.emergency(request.emergency), asker, now());
  }

  async #decide(request: ReadRequest | RebuildRequest, asker: Identity): Promise<Decided[]> {
    const { vault } = this.#parts;
    const held = request.records.map((record) => {
      const share = vault.find(record.recordId, record.version);
      return { record, held: share, ...(share === undefined ? {} : { judged: vault.judged(share) }) };
    });
    return request.kind === 'rebuild'
      ? decideRebuild(request, held)
      : decideRead(request, asker, held, this.#parts.gate);
  }

  /** Reading a log is itself an access, and so is being refused one. */
  async #logRead(request: LogRequest, signed: SignedRequest, to: Addressee): Promise<SignedEntry> {
    const { asker, tip } = await this.#admit(request, signed, to);
    const { mspId, userId, role } = asker;
    const question = { subject: { mspId, userId, role }, purpose: request.purpose, person: request.person };
    const { permit, code, basis } = await this.#parts.gate.mayReadLog(question);
    const draft: EntryDraft = {
      ...commonMembers(request, { requestHash: requestHash(signed), asker }),
      person: request.person,
      kind: permit ? 'log-read' : 'refused',
      records: [],
      code,
      ...(basis === undefined ? {} : { basis }),
      height: tip.height,
    };
    const [entry] = await this.#parts.log.append([draft]);
    return entry as SignedEntry;
  }
}

/** Under which a repeated request is known. The member is proved by then, the signatures are not. */
function nameOf({ id, server }: AccessRequest): string {
  return `${server.mspId} ${id}`;
}
