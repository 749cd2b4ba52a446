import type { AccessDecision, AccessItem } from '../ports.ts';
import { typeRow } from '../fhir/index.ts';
import {
  type AccessFacts,
  MAX_FACTS_PER_QUESTION,
  type Permitted,
  type StoredVersion,
} from '../store/index.ts';
import { pass, type Visit } from './visit.ts';

/**
 * The decisions of one visit. Records with equal facts get one decision, asked for once. Own records are decided by the own peer;
 * records of others are permitted only after `admit`, which follows their release by the custodians.
 */
export interface Gate {
  readonly permitted: Permitted;
  /** Takes what the custodians released for this visit. */
  admit(opened: readonly AccessFacts[]): void;
  /** The decision that `permitted` came to; undefined for what needs none (directory, own terminology, opened records). */
  decisionOf(facts: AccessFacts): AccessDecision | undefined;
  /** An example of each kind of record that was refused. */
  refused(): readonly (readonly [AccessItem, AccessDecision])[];
}

/**
 * What one decision stands for: `record`, this record; `person`, every record of a person with the same facts; `anyone`, the same
 * without naming a person, for which no emergency holds (custody.md section 4). A V record is its author's and the patient's: each
 * version has a decision of its own, and of several of them only the patient is told.
 */
export type GateScope = 'record' | 'person' | 'anyone';

export function createGate(visit: Visit, scope: GateScope): Gate {
  const decided = new Map<string, readonly [AccessItem, AccessDecision]>();
  const admitted = new Set<string>();
  const ownMsp = visit.server.organisation.mspId;
  const isHidden = ({ labels }: AccessFacts): boolean =>
    scope !== 'record' && labels.confidentiality === 'V' && visit.context.caller.role !== 'patient';
  const isPermitted = (facts: AccessFacts): boolean => {
    if (facts.author === ownMsp && isHidden(facts)) return false;
    if (isOpen(facts, ownMsp)) return true;
    return facts.author === ownMsp
      ? decided.get(keyOf(facts))?.[1].permit === true
      : admitted.has(keyOf(facts));
  };
  return {
    admit(opened) {
      for (const facts of opened) admitted.add(keyOf(facts));
    },
    async permitted(candidates) {
      const undecided = candidates.filter(
        (facts) =>
          facts.author === ownMsp && !isOpen(facts, ownMsp) && !isHidden(facts) && !decided.has(keyOf(facts)),
      );
      const items = [...new Map(undecided.map((facts) => [keyOf(facts), itemOf(facts)]))];
      for (let start = 0; start < items.length; start += MAX_FACTS_PER_QUESTION) {
        const chunk = items.slice(start, start + MAX_FACTS_PER_QUESTION);
        const decisions = await visit.server.exchange.decide(
          visit.context,
          chunk.map(([, item]) => item),
        );
        chunk.forEach(([key, item], i) => decided.set(key, [item, within(scope, decisions[i])]));
      }
      pass(visit, 'decide');
      return candidates.map(isPermitted);
    },
    decisionOf: (facts) => decided.get(keyOf(facts))?.[1],
    refused: () => [...decided.values()].filter(([, decision]) => !decision.permit),
  };
}

const NO_ANSWER: AccessDecision = { permit: false, code: 'NO_DECISION' };
const EMERGENCY_ELSEWHERE: AccessDecision = { permit: false, code: 'EMERGENCY_OTHER_PERSON' };

function within(scope: GateScope, decision: AccessDecision = NO_ANSWER): AccessDecision {
  return scope === 'anyone' && decision.permit && decision.emergency !== undefined
    ? EMERGENCY_ELSEWHERE
    : decision;
}

/** What a decision about a stored version depends on; undefined for an entry of the directory. */
export function factsOf(record: StoredVersion): AccessFacts | undefined {
  if (record.labels === null) return undefined;
  return {
    type: record.type,
    persons: record.persons,
    author: record.author,
    labels: record.labels,
    recordId: record.id,
    version: record.version,
  };
}

/** A version as history and vread are judged: by the strictest labels of any version of its record. */
export function asJudged(record: StoredVersion): StoredVersion {
  return { ...record, labels: record.historyLabels };
}

export function itemOf(facts: AccessFacts): AccessItem {
  const { recordId, version, persons, type, author, labels } = facts;
  return { recordId, version, persons, type, author, labels };
}

/** Terminology and definitions are for every user of their own server (health.md section 5). */
function isOpen(facts: AccessFacts, ownMsp: string): boolean {
  return facts.author === ownMsp && typeRow(facts.type)?.kind === 'conformance';
}

function keyOf({ type, persons, author, labels, recordId, version }: AccessFacts): string {
  const { categories, confidentiality, sensitivities } = labels;
  const one = confidentiality === 'V' ? `${recordId}/${version}` : '';
  return [type, persons.join(), author, one, categories.join(), confidentiality, sensitivities.join()].join(
    ';',
  );
}
