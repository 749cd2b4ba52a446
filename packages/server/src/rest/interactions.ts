import type { Purpose, Role } from '@healthchain/core';
import type { Method, Step } from './visit.ts';

export type InteractionName =
  | 'capabilities'
  | 'read'
  | 'vread'
  | 'history-instance'
  | 'history-type'
  | 'history-system'
  | 'search-type'
  | 'search-compartment'
  | 'create'
  | 'update'
  | 'delete'
  | 'bundle'
  | '$validate'
  | '$everything'
  | '$match'
  | '$break-glass'
  | '$access-log';

/** One row of the enforcement table. */
export interface Interaction {
  readonly name: InteractionName;
  readonly method: Method;
  /** Below the base; `:type` stands for any resource type of R4. */
  readonly path: string;
  /** Every successful answer has taken these steps; `perform` sees to it. */
  readonly steps: readonly Step[];
  /** Purposes of use for which the interaction is open. */
  readonly purposes: readonly Purpose[];
  /** Roles for which it is open; absent: the gate alone decides. */
  readonly roles?: readonly Role[];
  /** Query parameters that it knows besides `_format` and `_pretty`; `search`: those of the type's searches. */
  readonly parameters: readonly string[] | 'search';
}

const ANY: readonly Purpose[] = ['TREAT', 'ETREAT', 'HPAYMT', 'HOPERAT', 'HRESCH', 'PUBHLTH', 'PATRQT'];
/** Break-glass reads only (health.md section 8); research and public health only look. */
const WRITING: readonly Purpose[] = ['TREAT', 'HPAYMT', 'HOPERAT', 'PATRQT'];
const CARE: readonly Purpose[] = ['TREAT', 'ETREAT'];
const MATCHING: readonly Purpose[] = ['TREAT', 'ETREAT', 'HPAYMT', 'HOPERAT'];
const EMERGENCY_ROLES: readonly Role[] = ['doctor', 'nurse', 'emergency-staff'];
const MATCHING_ROLES: readonly Role[] = [
  'doctor',
  'nurse',
  'lab-technician',
  'pharmacist',
  'clerk',
  'emergency-staff',
];

const BUNDLE_STEPS = ['authenticate', 'purpose', 'parse', 'render'] as const;
const READ_STEPS = [
  'authenticate',
  'purpose',
  'parse',
  'locate',
  'decide',
  'open',
  'state',
  'render',
] as const;
const LIST_STEPS = [
  'authenticate',
  'purpose',
  'parse',
  'locate',
  'decide',
  'open',
  'filter',
  'state',
  'render',
] as const;
const CREATE_STEPS = ['authenticate', 'purpose', 'parse', 'validate', 'locate', 'write', 'render'] as const;
const CHANGE_STEPS = [
  'authenticate',
  'purpose',
  'parse',
  'validate',
  'locate',
  'decide',
  'write',
  'render',
] as const;
const DELETE_STEPS = ['authenticate', 'purpose', 'parse', 'locate', 'decide', 'write', 'render'] as const;
const MATCH_STEPS = ['authenticate', 'purpose', 'parse', 'locate', 'decide', 'state', 'render'] as const;
const EMERGENCY_STEPS = ['authenticate', 'purpose', 'parse', 'locate', 'write', 'render'] as const;
const HISTORY = ['_count', '_since', '_cursor'] as const;

/**
 * The enforcement table: steps × interactions (DESIGN.md section 5). What is not in it does not exist (404), or not with this method
 * (405). `metadata` alone is open to everyone.
 */
// prettier-ignore
export const INTERACTIONS: readonly Interaction[] = [
  { name: 'capabilities', method: 'GET', path: '/metadata', steps: ['render'], purposes: [], parameters: ['mode'] },
  { name: 'history-system', method: 'GET', path: '/_history', steps: LIST_STEPS, purposes: ANY, parameters: HISTORY },
  { name: 'history-type', method: 'GET', path: '/:type/_history', steps: LIST_STEPS, purposes: ANY, parameters: HISTORY },
  { name: 'history-instance', method: 'GET', path: '/:type/:id/_history', steps: LIST_STEPS, purposes: ANY, parameters: HISTORY },
  { name: 'vread', method: 'GET', path: '/:type/:id/_history/:version', steps: READ_STEPS, purposes: ANY, parameters: [] },
  { name: 'read', method: 'GET', path: '/:type/:id', steps: READ_STEPS, purposes: ANY, parameters: [] },
  { name: 'search-type', method: 'GET', path: '/:type', steps: LIST_STEPS, purposes: ANY, parameters: 'search' },
  { name: 'search-type', method: 'POST', path: '/:type/_search', steps: LIST_STEPS, purposes: ANY, parameters: 'search' },
  { name: 'search-compartment', method: 'GET', path: '/Patient/:id/:type', steps: LIST_STEPS, purposes: ANY, parameters: 'search' },
  { name: 'create', method: 'POST', path: '/:type', steps: CREATE_STEPS, purposes: WRITING, parameters: [] },
  { name: 'update', method: 'PUT', path: '/:type/:id', steps: CHANGE_STEPS, purposes: WRITING, parameters: [] },
  { name: 'delete', method: 'DELETE', path: '/:type/:id', steps: DELETE_STEPS, purposes: WRITING, parameters: [] },
  { name: 'bundle', method: 'POST', path: '/', steps: BUNDLE_STEPS, purposes: ANY, parameters: [] },
  { name: '$validate', method: 'POST', path: '/:type/$validate', steps: ['authenticate', 'purpose', 'parse', 'validate', 'render'], purposes: ANY, parameters: ['mode'] },
  { name: '$everything', method: 'GET', path: '/Patient/:id/$everything', steps: LIST_STEPS, purposes: ANY, parameters: [...HISTORY, '_type'] },
  { name: '$match', method: 'POST', path: '/Patient/$match', steps: MATCH_STEPS, purposes: MATCHING, roles: MATCHING_ROLES, parameters: [] },
  { name: '$break-glass', method: 'POST', path: '/Patient/:id/$break-glass', steps: EMERGENCY_STEPS, purposes: CARE, roles: EMERGENCY_ROLES, parameters: [] },
  { name: '$access-log', method: 'GET', path: '/Patient/:id/$access-log', steps: READ_STEPS, purposes: ['PATRQT'], roles: ['patient'], parameters: [] },
];
