import { LedgerError } from '../error.ts';
import type { Finding, FindingCode } from './types.ts';

/** What breaks the chain: later blocks cannot be judged on top of such a block. */
const BREAKING: ReadonlySet<FindingCode> = new Set([
  'ENCODING',
  'LINK',
  'DATA_HASH',
  'BORDER',
  'GENESIS',
  'SIGNATURES',
  'ORDERING',
  'CONFIG',
]);

/** Collects what is wrong with one block. */
export class BlockFindings {
  readonly #block: bigint;
  readonly #all: Finding[];
  #isBroken = false;

  constructor(block: bigint, all: Finding[]) {
    this.#block = block;
    this.#all = all;
  }

  get isBroken(): boolean {
    return this.#isBroken;
  }

  add(code: FindingCode, problem: string, transaction?: number): void {
    this.#isBroken ||= BREAKING.has(code);
    this.#all.push({
      code,
      block: this.#block,
      ...(transaction === undefined ? {} : { transaction }),
      problem,
    });
  }

  /** The result of the step; undefined when it was refused, which is noted under the code. */
  async attempt<Result>(
    code: FindingCode,
    step: () => Result | Promise<Result>,
  ): Promise<Result | undefined> {
    try {
      return await step();
    } catch (error) {
      if (!(error instanceof LedgerError)) throw error;
      const transaction = error.details?.['transaction'];
      this.add(code, error.message, typeof transaction === 'number' ? transaction : undefined);
      return undefined;
    }
  }
}
