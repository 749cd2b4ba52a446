import { isPersonId, type PersonId } from '@healthchain/core';
import { localReference, RESOURCE_TYPES } from '../../fhir/index.ts';
import type { Caller, Face, FaceResource, Persons, RequestContext } from '../../ports.ts';
import type { Store } from '../../store/index.ts';
import { ExchangeError } from '../error.ts';
import { entriesOf, readLogs, type LogOptions } from '../logs.ts';
import {
  auditEventOf,
  auditId,
  joinAccesses,
  timeOf,
  userOf,
  type Access,
  type AuditNames,
} from './audit-read.ts';
import { identified } from './consent-read.ts';
import { displayNames } from './display-names.ts';
import { SYSTEM } from './systems.ts';
import { rethrowUntold, untold } from './untold.ts';

export interface AuditOptions extends LogOptions {
  readonly persons: Persons;
  readonly store: Store;
  readonly bases: readonly string[];
}

/**
 * The access log as AuditEvents: of the patient's own person, or of a named person for a privacy officer (accesses of the own
 * organisation's users) and the regulator. Who else asks is refused by the custodians. Every look is logged itself.
 */
export class AuditEventFace implements Face {
  readonly #options: AuditOptions;

  constructor(options: AuditOptions) {
    this.#options = options;
  }

  /** Only of the own person: a logical id does not say about whom it is. */
  async read(context: RequestContext, id: string): Promise<FaceResource | undefined> {
    const person = await this.#options.persons.ofCaller(context.caller);
    if (person === undefined) return undefined;
    const accesses = await this.#accesses(context, person);
    const found = accesses.find((access) => auditId(access) === id);
    return found === undefined ? undefined : auditEventOf(found, await this.#names(person, [found]));
  }

  async search(context: RequestContext, parameters: URLSearchParams): Promise<readonly FaceResource[]> {
    const person = await this.#personOf(context.caller, parameters);
    const matches = filterOf(parameters);
    const accesses = (await this.#accesses(context, person).catch(rethrowUntold)).filter(matches);
    const names = await this.#names(person, accesses);
    return accesses.map((access) => auditEventOf(access, names));
  }

  async #accesses(context: RequestContext, person: PersonId): Promise<readonly Access[]> {
    const all = await readLogs(this.#options, context, person);
    const entries = all.flatMap(({ logs }) => logs.flatMap(entriesOf));
    const { role, mspId } = context.caller;
    return joinAccesses(
      role === 'privacy-officer' ? entries.filter(({ subject }) => subject.mspId === mspId) : entries,
    );
  }

  async #personOf(caller: Caller, parameters: URLSearchParams): Promise<PersonId> {
    const named = parameters.get('patient') ?? parameters.get('entity') ?? undefined;
    if (named === undefined) {
      const own = await this.#options.persons.ofCaller(caller);
      if (own === undefined)
        throw new ExchangeError('INVALID', 'Name the patient whose log is wanted', {
          details: { expression: 'patient' },
        });
      return own;
    }
    const target = localReference(named.includes('/') ? named : `Patient/${named}`, this.#options.bases);
    const found = target === undefined ? undefined : await this.#options.persons.ofPatient(target.id);
    if (found === undefined || !isPersonId(found)) throw untold();
    return found;
  }

  async #names(person: PersonId, accesses: readonly Access[]): Promise<AuditNames> {
    const { store, persons, facts, mspId } = this.#options;
    const [patient] = await persons.patientsOf(person);
    const users = await displayNames(store, accesses.map(userOf));
    return {
      user: (name) => users.get(name),
      patient:
        patient === undefined
          ? identified(SYSTEM.person, person)
          : { reference: `Patient/${patient.recordId}` },
      record: (recordId, version) => {
        if (facts.version(recordId, version)?.row.header.author.mspId !== mspId) return undefined;
        const type = Object.keys(RESOURCE_TYPES).find(
          (each) => store.version(each, recordId, version) !== undefined,
        );
        return type === undefined ? undefined : `${type}/${recordId}/_history/${version}`;
      },
    };
  }
}

type Comparison = (time: string, value: string) => boolean;
const COMPARISONS: Readonly<Record<string, Comparison>> = {
  ge: (time, value) => time >= value,
  gt: (time, value) => time > value && !time.startsWith(value),
  le: (time, value) => time <= value || time.startsWith(value),
  lt: (time, value) => time < value,
  eq: (time, value) => time.startsWith(value),
};

function filterOf(parameters: URLSearchParams): (access: Access) => boolean {
  const ids = parameters.get('_id')?.split(',');
  const outcome = parameters.get('outcome');
  const dates = parameters.getAll('date').map((text) => {
    const prefix = /^[a-z]{2}/.exec(text)?.[0] ?? 'eq';
    const compare = COMPARISONS[prefix];
    if (compare === undefined)
      throw new ExchangeError('INVALID', 'Unknown prefix', { details: { expression: 'date' } });
    return { compare, value: text.replace(/^[a-z]{2}/, '') };
  });
  return (access) =>
    (ids === undefined || ids.includes(auditId(access))) &&
    (outcome === null || outcome === (access.refused ? '8' : '0')) &&
    dates.every(({ compare, value }) => compare(timeOf(access), value));
}
