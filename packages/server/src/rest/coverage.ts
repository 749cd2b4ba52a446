import { typeRow } from '../fhir/index.ts';
import type { BundleEntry } from './bundle-text.ts';
import type { Issue } from './error.ts';
import { outcomeOf } from './outcome.ts';
import type { Visit } from './visit.ts';

/** What a search looked at. */
export interface Covered {
  readonly kind: 'own' | 'person';
  readonly issues: readonly Issue[];
}

export const coverage = {
  /** A search that names no one person: own records, and the directory, which is everybody's. */
  own(visit: Visit, type: string): Covered {
    const kind = typeRow(type)?.kind;
    if (kind === 'directory' || kind === 'conformance') return { kind: 'own', issues: [] };
    const diagnostics = `This search covers the records of ${visit.server.organisation.name} only; one that names one patient covers all organisations`;
    return { kind: 'own', issues: [{ severity: 'information', code: 'informational', diagnostics }] };
  },

  person(unreachable: readonly string[]): Covered {
    const issues = unreachable.map((mspId): Issue => ({
      severity: 'warning',
      code: 'incomplete',
      diagnostics: `The custodian of ${mspId} could not be reached`,
    }));
    return { kind: 'person', issues };
  },

  /** The `outcome` entry of the answer, if there is something to say. */
  entries(covered: Covered, ignored: readonly string[]): BundleEntry[] {
    const issues = [
      ...covered.issues,
      ...ignored.map((name): Issue => ({
        severity: 'warning',
        code: 'not-supported',
        diagnostics: `The parameter ${name} was ignored`,
        expression: [name],
      })),
    ];
    return issues.length === 0
      ? []
      : [{ resource: JSON.stringify(outcomeOf(issues)), search: { mode: 'outcome' } }];
  },
} as const;
