import { readFileSync } from 'node:fs';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { decodeChain } from '../conformance/chain-file.ts';
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

const mutation = <Module>(
  rule: string,
  module: string,
  mutate: (original: Module) => object,
  problem: RegExp,
): Mutation => ({ rule, module, mutate: mutate as Mutation['mutate'], problem });

type Mvcc = typeof import('./validation/mvcc.ts');
type Batch = typeof import('./validation/batch.ts');
type Endorsement = typeof import('./validation/endorsement.ts');
type CommitHash = typeof import('./validation/commit-hash.ts');
type RangeReads = typeof import('./rwset/range-reads.ts');

const withoutMetadata = (state: StateReader): StateReader => ({
  get: (namespace, key) => {
    const row = state.get(namespace, key);
    return row === undefined ? undefined : { ...row, metadata: new Uint8Array() };
  },
  range: (...query) => state.range(...query),
  mayHaveMetadata: () => false,
});

const MUTATIONS: readonly Mutation[] = [
  mutation<Mvcc>(
    'a read is stale when an earlier transaction of the same block wrote the key',
    './validation/mvcc.ts',
    ({ checkReads }) => ({
      checkReads: async (...[sets, , state]: Parameters<typeof checkReads>) => {
        const { UpdateBatch } = await vi.importActual<Batch>('./validation/batch.ts');
        return checkReads(sets, new UpdateBatch(state), state);
      },
    }),
    /is 11 \(MVCC_READ_CONFLICT\) and has to be 0/,
  ),
  mutation<RangeReads>(
    'beyond its degree a range is hashed as a tree',
    './rwset/range-reads.ts',
    ({ RangeReads: Original }) => ({
      RangeReads: class extends Original {
        constructor(degree: number) {
          super(degree + 1);
        }
      },
    }),
    /is 0 \(VALID\) and has to be 12/,
  ),
  mutation<Endorsement>(
    'a key’s own policy replaces the contract’s',
    './validation/endorsement.ts',
    ({ EndorsementJudge }) => ({
      EndorsementJudge: class extends EndorsementJudge {
        constructor(...[config, state, check]: ConstructorParameters<typeof EndorsementJudge>) {
          super(config, withoutMetadata(state), check);
        }
      },
    }),
    /is 10 \(ENDORSEMENT_POLICY_FAILURE\) and has to be 0/,
  ),
  mutation<Endorsement>(
    'a key whose policy an earlier transaction of the block changed is not written',
    './validation/endorsement.ts',
    ({ EndorsementJudge }) => ({
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
    /is 10 \(ENDORSEMENT_POLICY_FAILURE\) and has to be 0/,
  ),
  mutation<CommitHash>(
    'a commit hash names the one before',
    './validation/commit-hash.ts',
    ({ commitHash }) => ({
      commitHash: (...[codes, spaces]: Parameters<typeof commitHash>) => commitHash(codes, spaces, undefined),
    }),
    /commit hash/,
  ),
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
