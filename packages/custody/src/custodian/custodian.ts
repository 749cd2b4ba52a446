import { join } from 'node:path';
import { freshBytes } from '../envelope/envelope.ts';
import { AccessLog } from '../log/access-log.ts';
import type { AuditFinding } from '../log/audit.ts';
import type { CheckpointMaterial, Checkpoint } from '../log/checkpoint.ts';
import type { EntryDraft, SignedEntry } from '../log/format.ts';
import type { Tip } from '../ports.ts';
import type { Answer, LogAnswer } from '../request/answer.ts';
import type { SignedRequest } from '../request/format.ts';
import type { Addressee } from '../request/verify.ts';
import { IntakeKeyFiles } from '../store/intake-keys.ts';
import { Vault } from '../store/vault.ts';
import type { Custodian, CustodianOptions, IntakeKey } from './api.ts';
import { Emergencies, EMERGENCY_MS } from './emergencies.ts';
import type { BlockFacts, RejectedShare } from './facts.ts';
import { Freshness } from './freshness.ts';
import { Intake, type IntakeKeyStatus } from './intake.ts';
import { LIMITS, RequestLimits } from './limits.ts';
import { Release } from './release.ts';
import { Summaries } from './summaries.ts';

/**
 * Opens one organisation's custodian on one channel.
 *
 * @throws CustodyError STORE_MISMATCH; LOG_SHORTER_THAN_CHECKPOINT, LOG_DIFFERS_FROM_CHECKPOINT: the log is not the one whose
 *   checkpoint the ledger holds, and the custodian must not serve
 */
export function openCustodian(options: CustodianOptions): Custodian {
  return new CustodianImpl(options);
}

class CustodianImpl implements Custodian {
  readonly #options: CustodianOptions;
  readonly #vault: Vault;
  readonly #log: AccessLog;
  readonly #intake: Intake;
  readonly #freshness: Freshness;
  readonly #summaries: Summaries;
  readonly #release: Release;

  constructor(options: CustodianOptions) {
    const { directory, channel, mspId, now, ledger, alarm, random = freshBytes } = options;
    const owner = { channel, mspId };
    this.#options = options;
    this.#log = new AccessLog({ ...options, file: join(directory, 'access-log.sqlite'), random });
    this.#vault = new Vault(join(directory, 'vault.sqlite'), owner);
    const keys = new IntakeKeyFiles(join(directory, 'keys'), owner);
    this.#intake = new Intake({ ...owner, vault: this.#vault, keys, random, alarm });
    this.#freshness = new Freshness(ledger, now, alarm);
    this.#summaries = new Summaries(now);
    this.#release = new Release(this.#releaseParts(), now);
  }

  get ingested(): Tip | undefined {
    return this.#intake.ingested;
  }

  ingest(block: BlockFacts): void {
    this.#intake.ingest(block);
  }

  rejected(fromHeight = 0): RejectedShare[] {
    return this.#vault.rejected(fromHeight);
  }

  createIntakeKey(): IntakeKey {
    return this.#intake.createKey();
  }

  intakeKeys(): IntakeKeyStatus[] {
    return this.#intake.status();
  }

  observe(mspId: string, tip: Tip): void {
    this.#freshness.observe(mspId, tip);
  }

  async release(request: SignedRequest, member: string): Promise<Answer> {
    return this.#release.records(request, this.#addressee(member));
  }

  async readLog(request: SignedRequest, member: string): Promise<LogAnswer> {
    return this.#release.log(request, this.#addressee(member));
  }

  async state(drafts: readonly EntryDraft[]): Promise<SignedEntry[]> {
    return this.#log.append(drafts);
  }

  entriesOf(requestId: string): SignedEntry[] {
    return this.#log.entriesOf(requestId);
  }

  checkpointDue(): number | undefined {
    return this.#log.checkpointDue();
  }

  checkpoint(): CheckpointMaterial | undefined {
    return this.#log.checkpoint();
  }

  confirmCheckpoint(checkpoint: Checkpoint): void {
    try {
      this.#log.confirm(checkpoint);
    } catch (cause) {
      this.#options.alarm({ code: 'LOG_BEHIND_CHECKPOINT', details: { checkpointSize: checkpoint.size } });
      throw cause;
    }
  }

  audit(): AuditFinding[] {
    return this.#log.audit();
  }

  async tick(): Promise<void> {
    await this.#writeSummaries(this.#summaries.take());
  }

  async close(): Promise<void> {
    try {
      await this.#writeSummaries(this.#summaries.take(true));
    } finally {
      await this.#log.close();
      this.#vault.close();
    }
  }

  async #writeSummaries(drafts: readonly EntryDraft[]): Promise<void> {
    if (drafts.length > 0) await this.#log.append(drafts);
  }

  #addressee(member: string): Addressee {
    const { channel, mspId, now } = this.#options;
    return { channel, mspId, member, now };
  }

  #releaseParts(): ConstructorParameters<typeof Release>[0] {
    const { mspId, signer, now, ledger, identities, gate, limits } = this.#options;
    return {
      vault: this.#vault,
      log: this.#log,
      intake: this.#intake,
      limits: new RequestLimits({ ...LIMITS, ...limits }, now),
      summaries: this.#summaries,
      freshness: this.#freshness,
      emergencies: new Emergencies(this.#log.emergenciesSince(now() - EMERGENCY_MS)),
      ledger,
      identities,
      gate,
      source: { mspId, signer, find: (recordId, version) => this.#vault.find(recordId, version) },
    };
  }
}
