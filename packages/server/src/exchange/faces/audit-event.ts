import { isPersonId, type PersonId } from '@healthchain/core';
import { localReference, RESOURCE_TYPES } from '../../fhir/index.ts';
import type { Caller, Face, FaceResource, Persons, RequestContext } from '../../ports.ts';
import type { Store } from '../../store/index.ts';
import { ExchangeError } from '../error.ts';
import { entriesOf, readLogs, type LogOptions } from '../logs.ts';
import { auditEventOf, auditId, joinAccesses, timeOf, userOf, type AuditNames } from './audit-read.ts';
import { identified } from './consent-read.ts';
import { displayNames } from './display-names.ts';
import { emergencyEventId, emergencyEventOf } from './emergency-event.ts';
import { SYSTEM } from './systems.ts';
import { rethrowUntold, untold } from './untold.ts';

export interface AuditOptions extends LogOptions {
  readonly persons: Persons;
  readonly store: Store;
  readonly bases: readonly string[];
}

/** One line of a patient's log. */
interface Line {
  readonly id: string;
  readonly time: string;
  readonly refused: boolean;
  /** Whose user it was. */
  readonly mspId: string;
  /** `<mspId>/<userId>` */
  readonly user: string;
  readonly show: (names: AuditNames) => FaceResource;
}

/**
 * The access log as AuditEvents, and with it the emergencies that the ledger holds: of the patient's own person, or of a named
 * person for a privacy officer (accesses of the own organisation's users) and the regulator. Who else asks is refused by the
 * custodians. Every look is logged itself.
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
    const lines = await this.#lines(context, person);
    const found = lines.find((line) => line.id === id);
    return found?.show(await this.#names(person, [found]));
  }

  async search(context: RequestContext, parameters: URLSearchParams): Promise<readonly FaceResource[]> {
    const person = await this.#personOf(context.caller, parameters);
    const matches = filterOf(parameters);
    const lines = (await this.#lines(context, person).catch(rethrowUntold)).filter(matches);
    const names = await this.#names(person, lines);
    return lines.map((line) => line.show(names));
  }

  /** Newest first. That the custodians show their logs decides about what the ledger says too. */
  async #lines(context: RequestContext, person: PersonId): Promise<readonly Line[]> {
    const { role, mspId } = context.caller;
    const lines = [...(await this.#accessLines(context, person)), ...this.#emergencyLines(person)];
    return lines
      .filter((line) => role !== 'privacy-officer' || line.mspId === mspId)
      .sort((a, b) => (a.time < b.time ? 1 : -1));
  }

  async #accessLines(context: RequestContext, person: PersonId): Promise<Line[]> {
    const all = await readLogs(this.#options, context, person);
    const entries = all.flatMap(({ logs }) => logs.flatMap(entriesOf));
    return joinAccesses(entries).map((access) => ({
      id: auditId(access),
      time: timeOf(access),
      refused: access.refused,
      mspId: access.entries[0].subject.mspId,
      user: userOf(access),
      show: (names) => auditEventOf(access, names),
    }));
  }

  #emergencyLines(person: PersonId): Line[] {
    const { facts, channels } = this.#options;
    const rows = facts.idsOf(channels, person).flatMap((each) => facts.rowsOfPerson(each, 'emergency'));
    return rows.map(({ row }) => ({
      id: emergencyEventId(row),
      time: row.at,
      refused: false,
      mspId: row.by.mspId,
      user: `${row.by.mspId}/${row.by.userId}`,
      show: (names) => emergencyEventOf(row, names),
    }));
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

  async #names(person: PersonId, lines: readonly Line[]): Promise<AuditNames> {
    const { store, persons, facts, mspId } = this.#options;
    const [patient] = await persons.patientsOf(person);
    const users = await displayNames(
      store,
      lines.map(({ user }) => user),
    );
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

function filterOf(parameters: URLSearchParams): (line: Line) => boolean {
  const ids = parameters.get('_id')?.split(',');
  const outcome = parameters.get('outcome');
  const dates = parameters.getAll('date').map((text) => {
    const prefix = /^[a-z]{2}/.exec(text)?.[0] ?? 'eq';
    const compare = COMPARISONS[prefix];
    if (compare === undefined)
      throw new ExchangeError('INVALID', 'Unknown prefix', { details: { expression: 'date' } });
    return { compare, value: text.replace(/^[a-z]{2}/, '') };
  });
  return ({ id, time, refused }) =>
    (ids === undefined || ids.includes(id)) &&
    (outcome === null || outcome === (refused ? '8' : '0')) &&
    dates.every(({ compare, value }) => compare(time, value));
}
