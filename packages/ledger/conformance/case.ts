import type { Target } from './target.ts';

/** One behaviour of the ledger's specification. */
export interface Case {
  readonly name: string;
  /** Where the promise stands: a section of the ledger's design, with the words it uses there. */
  readonly source: string;
  /** Rejects when the target behaves otherwise. Keys are its own; other cases may have run before or run after. */
  readonly run: (target: Target) => Promise<void>;
}
