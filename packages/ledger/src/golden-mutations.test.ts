import { readFileSync } from 'node:fs';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { decodeChain } from '../conformance/chain-file.ts';
import type * as RangeReadsModule from './rwset/range-reads.ts';
import type * as BatchModule from './validation/batch.ts';
import type * as CommitHashModule from './validation/commit-hash.ts';
import type * as EndorsementModule from './validation/endorsement.ts';
import type * as MvccModule from './validation/mvcc.ts';
import type { StateReader } from './validation/index.ts';

/**
 * What the recorded chains are worth: with one rule of validation nearly right they are not reproduced. Each entry replaces one
 * module of the validator while it is loaded; production code has no place for that.
 */
interface Mutation {
  /** The rule that is broken. */
  readonly rule: string;
  readonly module: string;
  readonly mutate: (original: never) => object;
  /** What verification says then. */
  readonly problem: RegExp;
}

const withoutMetadata = (state: StateReader): StateReader => ({
  get: (namespace, key) => {
    const row = state.get(namespace, key);
    return row === undefined ? undefined : { ...row, metadata: new Uint8Array() };
  },
  range: (...query) => state.range(...query),
  mayHaveMetadata: () => false,
});

const MUTATIONS: readonly Mutation[] = [
  {
    rule: 'a read is stale when an earlier transaction of the same block wrote the key',
    module: './validation/mvcc.ts',
    mutate: ({ checkReads }: typeof MvccModule) => ({
      checkReads: async (...[sets, , state]: Parameters<typeof checkReads>) => {
        const { UpdateBatch } = await vi.importActual<typeof BatchModule>('./validation/batch.ts');
        return checkReads(sets, new UpdateBatch(state), state);
      },
    }),
    problem: /is 11 \(MVCC_READ_CONFLICT\) and has to be 0/,
  },
  {
    rule: 'beyond its degree a range is hashed as a tree',
    module: './rwset/range-reads.ts',
    mutate: ({ RangeReads: Original }: typeof RangeReadsModule) => ({
      RangeReads: class extends Original {
        constructor(degree: number) {
          super(degree + 1);
        }
      },
    }),
    problem: /is 0 \(VALID\) and has to be 12/,
  },
  {
    rule: 'a key’s own policy replaces the contract’s',
    module: './validation/endorsement.ts',
    mutate: ({ EndorsementJudge }: typeof EndorsementModule) => ({
      EndorsementJudge: class extends EndorsementJudge {
        constructor(...[config, state, check]: ConstructorParameters<typeof EndorsementJudge>) {
          super(config, withoutMetadata(state), check);
        }
      },
    }),
    problem: /is 10 \(ENDORSEMENT_POLICY_FAILURE\) and has to be 0/,
  },
  {
    rule: 'a key whose policy an earlier transaction of the block changed is not written',
    module: './validation/endorsement.ts',
    mutate: ({ EndorsementJudge }: typeof EndorsementModule) => ({
      EndorsementJudge: class {
        readonly #fresh: () => InstanceType<typeof EndorsementJudge>;
        constructor(...parts: ConstructorParameters<typeof EndorsementJudge>) {
          this.#fresh = () => new EndorsementJudge(...parts);
        }
        judge(...call: Parameters<InstanceType<typeof EndorsementJudge>['judge']>) {
          return this.#fresh().judge(...call);
        }
      },
    }),
    problem: /is 10 \(ENDORSEMENT_POLICY_FAILURE\) and has to be 0/,
  },
  {
    rule: 'a commit hash names the one before',
    module: './validation/commit-hash.ts',
    mutate: ({ commitHash }: typeof CommitHashModule) => ({
      commitHash: (...[codes, spaces]: Parameters<typeof commitHash>) => commitHash(codes, spaces, undefined),
    }),
    problem: /commit hash/,
  },
];

const CHAIN = decodeChain(
  readFileSync(new URL('../conformance/vectors/fabric-v3.1.5-raft-care.chain.br', import.meta.url)),
);

describe('the recorded chains are not reproduced when it does not hold that', () => {
  afterEach(() => {
    for (const { module } of MUTATIONS) vi.doUnmock(module);
    vi.resetModules();
  });

  it.each(MUTATIONS)('$rule', async ({ module, mutate, problem }) => {
    vi.doMock(module, async (importOriginal) => {
      const original = await importOriginal<object>();
      return { ...original, ...mutate(original as never) };
    });
    const { verifyChain } = await import('./verify/index.ts');
    const { findings } = await verifyChain({ blocks: CHAIN });
    expect(findings.map((each) => each.problem)).toContainEqual(expect.stringMatching(problem));
  });
});
