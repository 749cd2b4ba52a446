import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ContractError } from '../errors.ts';
import type { ArgumentOf } from '../registry.ts';
import { exceedingDimension } from '../rules/grant-checks.ts';
import type { GrantNode, Grantee, Signer } from '../state/rows.ts';
import {
  AUTHORITY,
  NORTH,
  SOUTH,
  grantOf,
  maria,
  mariaUser,
  readyLedger,
  serverOf,
} from '../testing/cast.ts';
import { idOf, userOf, type MemoryLedger } from '../testing/ledger.ts';
import { chainPermits, type Asking } from './cover.ts';
import type { AccessItem } from './question.ts';

const USERS: readonly Signer[] = [
  userOf(SOUTH, 'doctor'),
  userOf(SOUTH, 'doctor', 'second'),
  userOf(SOUTH, 'nurse'),
  userOf(AUTHORITY, 'family-member'),
];
const CATEGORIES = ['laboratory', 'problems', 'other'] as const;
const SENSITIVITIES = ['PSY', 'HIV'] as const;
const HOUR = 3_600_000;
const NOW = Date.parse('2026-03-01T10:00:00.000Z');
const instantAt = (hours: number): string => new Date(NOW + hours * HOUR).toISOString();

const grantee: fc.Arbitrary<Grantee> = fc.constantFrom(
  ...USERS.map(({ mspId, userId }): Grantee => ({ kind: 'person', mspId, userId })),
  { kind: 'role', mspId: SOUTH, role: 'doctor' },
  { kind: 'organisation', mspId: SOUTH },
);
const categories = fc.oneof(fc.constant('*' as const), fc.subarray([...CATEGORIES], { minLength: 1 }));
const sensitivities = fc.subarray([...SENSITIVITIES]);
const purposes = fc.subarray(['TREAT', 'HOPERAT', 'PATRQT'] as const, { minLength: 1 });
const exception = fc.record(
  {
    categories: fc.subarray([...CATEGORIES], { minLength: 1 }),
    sensitivities: fc.subarray([...SENSITIVITIES], { minLength: 1 }),
    grantee,
  },
  { requiredKeys: ['categories'] },
);
const statement = fc.record({
  grantee,
  rights: fc.oneof(
    { arbitrary: fc.subarray(['read', 'write', 'authorise'] as const, { minLength: 1 }), weight: 1 },
    { arbitrary: fc.constant(['read' as const, 'authorise' as const]), weight: 3 },
  ),
  categories,
  sensitivities,
  purposes,
  start: fc.constantFrom(-3, -2, -1, 0, 1).map(instantAt),
  end: fc.option(fc.integer({ min: 2, max: 5 }).map(instantAt), { nil: undefined }),
  exceptions: fc.array(exception, { maxLength: 1 }),
});
type Statement = typeof statement extends fc.Arbitrary<infer Value> ? Value : never;

/** A node and the node it hangs under: an index into those before it, or the patient. */
const node = fc.record({
  statement,
  effect: fc.constantFrom('permit' as const, 'permit' as const, 'permit' as const, 'deny' as const),
  parent: fc.nat({ max: 2 }),
});
const tree = fc.array(node, { minLength: 1, maxLength: 8 });
type Tree = typeof tree extends fc.Arbitrary<infer Value> ? Value : never;

const ITEMS: readonly AccessItem[] = CATEGORIES.flatMap((category) =>
  [[], ['PSY'] as const, ['HIV', 'PSY'] as const].map((labels): AccessItem => ({
    persons: [maria],
    author: { mspId: NORTH, userId: idOf('an author') },
    categories: category === 'other' ? ['other'] : [category],
    confidentiality: labels.length === 0 ? 'N' : 'R',
    sensitivities: [...labels],
  })),
);

interface Planted {
  readonly ledger: MemoryLedger;
  /** Ids of the accepted nodes, each with its parent's. */
  readonly nodes: readonly {
    readonly id: string;
    readonly parent: string | undefined;
    readonly effect: string;
  }[];
}

/** Grants the tree on a ledger; what the contract refuses is left out, and what hangs under it. */
async function plant(plan: Tree): Promise<Planted> {
  const ledger = await readyLedger();
  const nodes: { id: string; parent: string | undefined; effect: string; stated: Statement }[] = [];
  for (const [i, one] of plan.entries()) {
    const above =
      one.effect === 'deny' ? undefined : nodes.filter((node) => node.effect === 'permit')[one.parent];
    const stated = above === undefined ? one.statement : narrowed(one.statement, above.stated);
    const argument = argumentOf(ledger, `g${i}`, stated, one.effect, above?.id);
    for (const grantor of above === undefined ? [mariaUser] : USERS) {
      if (await accepted(ledger, grantor, argument)) {
        nodes.push({ id: `g${i}`, parent: above?.id, effect: one.effect, stated });
        break;
      }
    }
  }
  return { ledger, nodes };
}

/** The statement cut down to what another one holds. */
function narrowed(stated: Statement, whole: Statement): Statement {
  const common = <Value>(part: readonly Value[], all: readonly Value[]): Value[] => {
    const both = part.filter((value) => all.includes(value));
    return both.length === 0 ? [...all] : both;
  };
  return {
    ...stated,
    rights: common(stated.rights, whole.rights),
    categories: whole.categories === '*' ? stated.categories : whole.categories,
    sensitivities: stated.sensitivities.filter((label) => whole.sensitivities.includes(label)),
    purposes: common(stated.purposes, whole.purposes),
    start: stated.start > whole.start ? stated.start : whole.start,
    end: whole.end ?? stated.end,
  };
}

function argumentOf(
  ledger: MemoryLedger,
  id: string,
  stated: Statement,
  effect: 'permit' | 'deny',
  parent: string | undefined,
): ArgumentOf<'authorisation:Grant'> {
  const { end, exceptions, ...parts } = stated;
  return {
    ...grantOf(ledger, id),
    ...parts,
    effect,
    exceptions: exceptions.map((one) => ({ ...one, ...withinOrganisation(one.grantee, parts.grantee) })),
    ...(end === undefined ? {} : { end }),
    ...(parent === undefined ? {} : { parent }),
  } as ArgumentOf<'authorisation:Grant'>;
}

function withinOrganisation(one: Grantee | undefined, whole: Grantee) {
  return one === undefined || one.mspId === whole.mspId ? {} : { grantee: whole };
}

async function accepted(ledger: MemoryLedger, by: Signer, argument: ArgumentOf<'authorisation:Grant'>) {
  try {
    await ledger.call(by, 'authorisation:Grant', argument);
    return true;
  } catch (error) {
    if (error instanceof ContractError) return false;
    throw error;
  }
}

/** What everyone may read: one line for each permitted user and item, with its ground. */
async function permitted(ledger: MemoryLedger): Promise<ReadonlyMap<string, string | undefined>> {
  const found = new Map<string, string | undefined>();
  for (const [user, subject] of USERS.entries()) {
    const purpose = subject.role === 'family-member' ? 'PATRQT' : 'TREAT';
    const { decisions } = await ledger.call(serverOf(NORTH), 'authorisation:Decide', {
      subject,
      purpose,
      right: 'read',
      items: [...ITEMS],
    });
    decisions.forEach(({ permit, basis }, item) => permit && found.set(`${user} ${item}`, basis));
  }
  return found;
}

const RUNS = { numRuns: 120 };

describe('the tree', () => {
  it('revoking a node revokes its subtree', async () => {
    let reached = 0;
    await fc.assert(
      fc.asyncProperty(tree, fc.nat(), async (plan, pick) => {
        const { ledger, nodes } = await plant(plan);
        const permits = nodes.filter((one) => one.effect === 'permit');
        const revoked = permits[pick % Math.max(permits.length, 1)];
        if (revoked === undefined) return;
        await ledger.call(mariaUser, 'authorisation:Revoke', { grantId: revoked.id });
        const gone = new Set([revoked.id]);
        for (const one of nodes) if (one.parent !== undefined && gone.has(one.parent)) gone.add(one.id);
        reached += gone.size - 1;
        for (const basis of (await permitted(ledger)).values()) expect(gone.has(basis ?? '')).toBe(false);
      }),
      RUNS,
    );
    expect(reached).toBeGreaterThan(0);
  });

  it('the gate never permits more after a deny or a revocation', async () => {
    await fc.assert(
      fc.asyncProperty(tree, statement, fc.nat(), fc.boolean(), async (plan, deny, pick, revokes) => {
        const { ledger, nodes } = await plant(plan);
        const before = await permitted(ledger);
        const permits = nodes.filter((one) => one.effect === 'permit');
        const node = permits[pick % Math.max(permits.length, 1)];
        if (revokes && node !== undefined) {
          await ledger.call(mariaUser, 'authorisation:Revoke', { grantId: node.id });
        } else {
          await accepted(ledger, mariaUser, argumentOf(ledger, 'later', deny, 'deny', undefined));
        }
        for (const key of (await permitted(ledger)).keys()) expect(before.has(key)).toBe(true);
      }),
      RUNS,
    );
  });

  it('a deny of everything beats every permit', async () => {
    await fc.assert(
      fc.asyncProperty(tree, async (plan) => {
        const { ledger } = await plant(plan);
        for (const mspId of [SOUTH, AUTHORITY]) {
          const deny = grantOf(ledger, `deny-${mspId}`, {
            effect: 'deny',
            grantee: { kind: 'organisation', mspId },
            purposes: ['TREAT', 'PATRQT'],
          });
          await ledger.call(mariaUser, 'authorisation:Grant', deny);
        }
        expect([...(await permitted(ledger)).keys()]).toEqual([]);
      }),
      RUNS,
    );
  });

  it('decisions do not depend on the order of grants', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(statement, { minLength: 2, maxLength: 5 }),
        fc.infiniteStream(fc.nat()),
        async (statements, keys) => {
          const shuffled = statements
            .map((stated, i) => ({ stated, i, key: keys.next().value as number }))
            .sort((a, b) => a.key - b.key);
          const one = await readyLedger();
          const other = await readyLedger();
          const grant = (ledger: MemoryLedger, stated: Statement, i: number) =>
            accepted(
              ledger,
              mariaUser,
              argumentOf(ledger, `g${i}`, stated, i % 2 === 0 ? 'permit' : 'deny', undefined),
            );
          for (const [i, stated] of statements.entries()) await grant(one, stated, i);
          for (const { stated, i } of shuffled) await grant(other, stated, i);
          expect([...(await permitted(other)).keys()]).toEqual([...(await permitted(one)).keys()]);
        },
      ),
      RUNS,
    );
  });
});

describe('a child within its parent', () => {
  const nodeOf = (grantId: string, stated: Statement, parts: Partial<GrantNode>): GrantNode => ({
    ...stated,
    grantId,
    personId: maria,
    effect: 'permit',
    grantor: mariaUser,
    depth: 0,
    at: instantAt(-3),
    transactionId: '',
    exceptions: [],
    ...parts,
  });

  /** Where a child is accepted, its parent's own limits add nothing: the child alone would permit the same. */
  it('permits nothing that the parent does not', () => {
    let accepted = 0;
    const inputs = [statement, statement, fc.boolean(), fc.constantFrom(...ITEMS)] as const;
    const askings = fc.record({
      subject: fc.constant(USERS[0] as Signer),
      right: fc.constantFrom('read' as const, 'write' as const, 'authorise' as const),
      purpose: fc.constantFrom('TREAT' as const, 'HOPERAT' as const, 'PATRQT' as const),
      at: fc.integer({ min: -4, max: 6 }).map(instantAt),
    });
    fc.assert(
      fc.property(...inputs, askings, (stated, above, narrows, item, asking: Asking) => {
        const parent = nodeOf('parent', above, { rights: ['read', 'write', 'authorise'] });
        const within = narrows
          ? narrowed(stated, { ...above, rights: [...parent.rights] as Statement['rights'] })
          : stated;
        const child = nodeOf('child', within, { parent: 'parent' });
        if (exceedingDimension(child, parent) !== undefined) return;
        accepted++;
        const { parent: _, ...alone } = child;
        expect(chainPermits([child, parent], item, asking)).toBe(chainPermits([alone], item, asking));
      }),
      { numRuns: 3_000 },
    );
    expect(accepted).toBeGreaterThan(1_000);
  });
});
