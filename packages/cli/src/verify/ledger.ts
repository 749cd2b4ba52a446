import {
  checkOrdering,
  LedgerError,
  verifyChain,
  type ChainReport,
  type ChainToVerify,
} from '@healthchain/ledger';
import type { LedgerCopy, RowName, StateRow } from './copies.ts';
import { ledgerFinding, type LedgerFinding } from './report.ts';

/** Blocks between two lines of progress. */
const PROGRESS_BLOCKS = 100;

export interface CopyCheck {
  readonly genesisHash: Uint8Array;
  /**
   * Copies of the same channel at other peers: they are compared with, and stand in for a damaged block, so that the rest can
   * be judged.
   */
  readonly others: readonly LedgerCopy[];
  /** Called with each intact row of the state. */
  readonly onRow: (row: StateRow) => void;
  readonly onProgress: (line: string) => void;
}

export interface CheckedCopy {
  readonly transactions: number;
  readonly findings: readonly LedgerFinding[];
  readonly notChecked: readonly string[];
}

/** Verifies all blocks of a copy from the genesis block on, and its live state against what the blocks make of it. */
export async function verifyCopy(copy: LedgerCopy, check: CopyCheck): Promise<CheckedCopy> {
  const reading = new CopyReading(copy, check);
  const report = await verifyChain({
    blocks: reading.blocks(),
    state: reading.rows(),
    genesisHash: check.genesisHash,
    ordering: checkOrdering,
    others: Object.fromEntries(check.others.map((other) => [other.peer, otherCopy(other)])),
  });
  const files = copy.damages.map(({ file, offset, what }) => ({
    problem: `${what} is damaged (${file} at byte ${offset})`,
  }));
  const findings = [...files, ...reading.findings, ...chainFindings(report, reading)];
  return { transactions: report.transactions, findings, notChecked: report.notChecked };
}

function otherCopy(copy: LedgerCopy): NonNullable<ChainToVerify['others']>[string] {
  return { height: BigInt(copy.height), block: (number) => copy.block(Number(number)) };
}

/** What a damaged row lacks has been said once; of a chain that ended early nothing follows about the state. */
function chainFindings(report: ChainReport, reading: CopyReading): LedgerFinding[] {
  return report.findings
    .map(ledgerFinding)
    .filter(({ key }) => key === undefined || (reading.isComplete && !reading.isDamaged(key)));
}

/** Hands blocks and rows to the verifier and keeps what could not be read. */
class CopyReading {
  readonly findings: LedgerFinding[] = [];
  readonly #copy: LedgerCopy;
  readonly #check: CopyCheck;
  readonly #damaged = new Set<string>();
  #read = 0;

  constructor(copy: LedgerCopy, check: CopyCheck) {
    this.#copy = copy;
    this.#check = check;
  }

  get isComplete(): boolean {
    return this.#read === this.#copy.height;
  }

  isDamaged(name: RowName): boolean {
    return this.#damaged.has(nameOf(name));
  }

  async *blocks(): AsyncGenerator<Uint8Array> {
    const { peer, channel, height } = this.#copy;
    for (let number = 0; number < height; number++) {
      const bytes = await this.#block(number);
      if (bytes === undefined) return;
      if (number % PROGRESS_BLOCKS === 0) {
        this.#check.onProgress(`${peer} ${channel}: block ${number} of ${height}`);
      }
      this.#read = number + 1;
      yield bytes;
    }
  }

  async *rows(): AsyncGenerator<StateRow> {
    for await (const { rows, damaged } of this.#copy.pages()) {
      for (const key of damaged) {
        this.#damaged.add(nameOf(key));
        this.findings.push({ key, problem: 'the row is damaged: its digest does not hold' });
      }
      for (const row of rows) {
        this.#check.onRow(row);
        yield row;
      }
    }
  }

  async #block(number: number): Promise<Uint8Array | undefined> {
    for (const copy of [this.#copy, ...this.#check.others]) {
      try {
        return await copy.block(number);
      } catch (error) {
        if (!(error instanceof LedgerError)) throw error;
        if (copy === this.#copy) this.findings.push({ block: number, problem: error.message });
      }
    }
    return undefined;
  }
}

function nameOf({ namespace, key }: RowName): string {
  return `${namespace}\0${key}`;
}
