import { BODIES } from './bodies.ts';
import { BUNDLES } from './bundles.ts';
import { OPERATIONS, PATHS, SEARCHES } from './reads.ts';
import type { BadRequest } from './request.ts';
import { RESOURCES, VERSIONS } from './resources.ts';

export type { Target } from './request.ts';

/** Requests of a doctor of North, each to be refused, each without a trace in ledger and stores. */
export const BAD_REQUESTS: readonly BadRequest[] = [
  ...BODIES,
  ...RESOURCES,
  ...VERSIONS,
  ...BUNDLES,
  ...PATHS,
  ...SEARCHES,
  ...OPERATIONS,
];
