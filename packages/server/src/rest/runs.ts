import { bundle } from './bundle/bundle.ts';
import { historyInstance, historySystem, historyType } from './histories.ts';
import { onceOnly } from './idempotency.ts';
import type { InteractionName } from './interactions.ts';
import { accessLog } from './operations/access-log.ts';
import { breakGlass } from './operations/break-glass.ts';
import { capabilities } from './operations/capabilities.ts';
import { everything } from './operations/everything.ts';
import { match } from './operations/match.ts';
import { validateResource } from './operations/validate.ts';
import { read, vread } from './reads.ts';
import { searchCompartment, searchType } from './searches.ts';
import type { RestAnswer, Visit } from './visit.ts';
import { create, remove, update } from './writes.ts';

/** The main path of every interaction. */
export const RUNS: Readonly<Record<InteractionName, (visit: Visit) => Promise<RestAnswer>>> = {
  capabilities,
  read,
  vread,
  'history-instance': historyInstance,
  'history-type': historyType,
  'history-system': historySystem,
  'search-type': searchType,
  'search-compartment': searchCompartment,
  create: (visit) => onceOnly(visit, create),
  update: (visit) => onceOnly(visit, update),
  delete: (visit) => onceOnly(visit, remove),
  bundle,
  $validate: validateResource,
  $everything: everything,
  $match: match,
  '$break-glass': breakGlass,
  '$access-log': accessLog,
};
