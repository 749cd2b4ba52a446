import type { OrganisationKind } from '@healthchain/core';
import type { OrganisationName } from './people.ts';

/** The demo consortium of DESIGN.md section 9. */
export interface DemoOrganisation {
  readonly name: OrganisationName;
  readonly title: string;
  readonly mspId: string;
  readonly kind: OrganisationKind;
  readonly port: number;
  readonly custodyPort: number;
  /** The circle that the organisation's server writes to (health.md section 1). */
  readonly circle: 'care' | 'consortium';
}

export const ORGANISATIONS: readonly DemoOrganisation[] = [
  organisation('north', 'North Hospital', 'hospital', 1),
  organisation('south', 'South Hospital', 'hospital', 2),
  organisation('acme', 'Acme Insurance', 'insurer', 3),
  organisation('authority', 'Health Authority', 'authority', 4),
];

export const CIRCLES = {
  care: ['NorthMSP', 'SouthMSP', 'AuthorityMSP'],
  consortium: ['NorthMSP', 'SouthMSP', 'AcmeMSP', 'AuthorityMSP'],
} as const;

/** Peers that have to endorse: two of three in `care`, three of four in `consortium`. */
export const ENDORSEMENT = {
  care: outOf(2, CIRCLES.care),
  consortium: outOf(3, CIRCLES.consortium),
} as const;

function organisation(
  name: OrganisationName,
  title: string,
  kind: OrganisationKind,
  number: number,
): DemoOrganisation {
  return {
    name,
    title,
    mspId: `${name.charAt(0).toUpperCase()}${name.slice(1)}MSP`,
    kind,
    port: 8080 + number,
    custodyPort: 9080 + number,
    circle: kind === 'insurer' ? 'consortium' : 'care',
  };
}

function outOf(count: number, members: readonly string[]): string {
  return `OutOf(${count}, ${members.map((mspId) => `'${mspId}.peer'`).join(', ')})`;
}
