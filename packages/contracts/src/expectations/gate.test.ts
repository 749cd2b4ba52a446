import {
  CATEGORIES,
  PURPOSES,
  ROLES,
  ROLES_OF_KIND,
  SENSITIVITIES,
  type Purpose,
  type Role,
} from '@healthchain/core';
import { describe, expect, it } from 'vitest';
import type { AccessItem } from '../gate/question.ts';
import type { Signer } from '../state/rows.ts';
import {
  ACME,
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
import { readExpectations } from './csv.ts';

const SITUATIONS = [
  'none',
  'grant-laboratory',
  'grant-N',
  'grant-listed',
  'grant-everything',
  'deny',
  'emergency',
  'emergency-deny',
] as const;
type Situation = (typeof SITUATIONS)[number];
const EMERGENCY_ROLES: readonly Role[] = ['doctor', 'nurse', 'emergency-staff'];
const AUTHORS = ['self', 'own', 'other'] as const;
const LABELS = ['N', 'R', 'V'] as const;
const CATEGORY_CASES = [...CATEGORIES, 'plans:ServiceRequest', 'claims:Coverage', 'claims:Claim'];

const rows = readExpectations('./gate.csv');
const used = new Set<number>();

interface Case {
  readonly situation: Situation;
  readonly role: Role;
  readonly author: string;
  readonly relation: string;
  readonly purpose: Purpose;
  readonly category: string;
  readonly label: string;
}

function expected(one: Case): string {
  const at = rows.findIndex((row) =>
    Object.entries(one).every(
      ([column, value]) => row[column] === '*' || row[column]?.split('|').includes(value),
    ),
  );
  used.add(at);
  return rows[at]?.['expected'] ?? 'no row of the table fits';
}

function subjectOf(role: Role): Signer {
  if (role === 'patient') return mariaUser;
  if (role === 'claims-auditor') return userOf(ACME, role);
  return userOf(ROLES_OF_KIND.hospital.includes(role) ? SOUTH : AUTHORITY, role);
}

/** Maria is registered at North; the subject's organisation is never North. */
async function ledgerOf(subject: Signer, relation: string): Promise<MemoryLedger> {
  const ledger = await readyLedger();
  if (relation === 'yes') await ledger.call(serverOf(subject.mspId), 'persons:Register', { personId: maria });
  return ledger;
}

/** Brings about the situation; returns the emergency's id where there is one. */
async function bringAbout(ledger: MemoryLedger, situation: Situation, subject: Signer) {
  const grant = (id: string, parts: Parameters<typeof grantOf>[2]) =>
    ledger.call(
      mariaUser,
      'authorisation:Grant',
      grantOf(ledger, id, {
        grantee: { kind: 'person', mspId: subject.mspId, userId: subject.userId },
        purposes: [...PURPOSES],
        ...parts,
      }),
    );
  if (situation === 'grant-laboratory') await grant('g', { categories: ['laboratory'] });
  if (situation === 'grant-N') await grant('g', {});
  if (situation === 'grant-listed') {
    await grant('g', { categories: [...CATEGORIES], sensitivities: [...SENSITIVITIES] });
  }
  if (situation === 'grant-everything' || situation === 'deny')
    await grant('g', { sensitivities: [...SENSITIVITIES] });
  if (situation === 'deny' || situation === 'emergency-deny') await grant('d', { effect: 'deny' });
  if (!situation.startsWith('emergency')) return undefined;
  const argument = { personId: maria, reason: 'BTG' } as const;
  return (await ledger.call(subject, 'custody:OpenEmergency', argument)).emergencyId;
}

function itemOf(
  subject: Signer,
  author: string,
  categoryCase: string,
  label: (typeof LABELS)[number],
): AccessItem {
  const [category = '', type] = categoryCase.split(':');
  const { mspId, userId } = subject;
  const authors: Record<string, AccessItem['author']> = {
    self: { mspId, userId },
    own: { mspId, userId: idOf('a colleague') },
    other: { mspId: NORTH, userId: idOf('somebody at North') },
  };
  return {
    persons: [maria],
    author: authors[author] as AccessItem['author'],
    ...(type === undefined ? {} : { type }),
    categories: [category as AccessItem['categories'][number]],
    confidentiality: label,
    sensitivities: label === 'N' ? [] : ['PSY'],
  };
}

const dimensions = AUTHORS.flatMap((author) =>
  CATEGORY_CASES.flatMap((category) => LABELS.map((label) => ({ author, category, label }))),
);

async function mismatches(situation: Situation, role: Role, relation: string): Promise<string[]> {
  const subject = subjectOf(role);
  const ledger = await ledgerOf(subject, relation);
  const emergency = await bringAbout(ledger, situation, subject);
  const found: string[] = [];
  for (const purpose of PURPOSES) {
    const { decisions } = await ledger.call(serverOf(NORTH), 'authorisation:Decide', {
      subject,
      purpose,
      right: 'read',
      ...(emergency === undefined ? {} : { emergency }),
      items: dimensions.map(({ author, category, label }) => itemOf(subject, author, category, label)),
    });
    dimensions.forEach((dimension, i) => {
      const one: Case = { situation, role, relation, purpose, ...dimension };
      const decided = decisions[i]?.code;
      if (decided !== expected(one)) found.push(`${JSON.stringify(one)}: ${expected(one)}, got ${decided}`);
    });
  }
  return found;
}

describe('role × author × relation × purpose × category × label × situation', () => {
  const cases = SITUATIONS.flatMap((situation) =>
    ROLES.filter((role) => !situation.startsWith('emergency') || EMERGENCY_ROLES.includes(role)).map(
      (role) => [situation, role] as const,
    ),
  );

  it.each(cases)('%s: %s', async (situation, role) => {
    for (const relation of ['yes', 'no']) expect(await mismatches(situation, role, relation)).toEqual([]);
  });

  it('needs every row of the table', () => {
    expect(rows.filter((_, i) => !used.has(i))).toEqual([]);
  });
});
