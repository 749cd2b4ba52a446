import {
  canonical,
  parseExact,
  randomPersonId,
  type PersonId,
  type RecordId,
  type RecordLabels,
} from '@healthchain/core';
import { ExchangeError } from '../../exchange/error.ts';
import { servedText, withoutServedMeta } from '../../fhir/index.ts';
import type {
  AccessDecision,
  AccessItem,
  Caller,
  Exchange,
  ExactResource,
  Face,
  LedgerVersion,
  OpenedRecord,
  PersonListing,
  RequestContext,
  WriteOperation,
  WriteResult,
} from '../../ports.ts';
import { openStore, type Store } from '../../store/index.ts';
import { AnswersInMemory } from './answers.ts';

/** What the ledger holds of one version, and what its ciphertext holds. */
interface Sealed {
  readonly ledger: LedgerVersion;
  readonly type: string;
  readonly resource: ExactResource | null;
  readonly labels: RecordLabels;
}

export interface Statement {
  readonly mspId: string;
  readonly caller: Caller;
  readonly interaction: string;
  readonly outcome: 'released' | 'refused';
  readonly code: string;
  readonly items: readonly AccessItem[];
}

/** Who may read: the one rule of the test's gate, for own and for foreign records alike. */
export type Policy = (caller: Caller, item: AccessItem) => AccessDecision;

export interface Member {
  readonly mspId: string;
  readonly store: Store;
  readonly exchange: Exchange;
}

/**
 * A consortium in memory that keeps the promises of `Exchange`: one ledger for all, versions that are head + 1, directory entries
 * in every store, own records in the author's alone, foreign ones only through `open`.
 */
export class Consortium {
  readonly statements: Statement[] = [];
  readonly opened: string[] = [];
  readonly faces: Record<string, Face> = {};
  readonly unreachable: string[] = [];
  /** Users whom the consortium knows no longer. */
  readonly ended = new Set<string>();
  /** Persons by the user id whose key is theirs. */
  readonly keys = new Map<string, PersonId>();
  readonly answers = new AnswersInMemory();
  policy: Policy = () => ({ permit: true, code: 'BASE_POLICY' });
  mayWrite: (caller: Caller, operation: WriteOperation) => boolean = () => true;
  /** Thrown by the next write instead of committing. */
  failNextWrite: ExchangeError | undefined;
  transactions = 0;

  readonly #sealed: Sealed[] = [];
  readonly #members = new Map<string, Member>();
  readonly #patients = new Map<RecordId, { readonly person: PersonId; readonly mspId: string }>();
  readonly #identifiers = new Map<string, PersonId>();
  readonly #merged = new Map<PersonId, PersonId>();

  join(mspId: string, bases: readonly string[]): Member {
    const store = openStore(':memory:', { bases });
    const member: Member = { mspId, store, exchange: this.#exchangeOf(mspId, store) };
    this.#members.set(mspId, member);
    return member;
  }

  personOf(patientId: RecordId): PersonId {
    const patient = this.#patients.get(patientId);
    if (patient === undefined) throw new Error('No such patient in this test');
    return this.#resolve(patient.person);
  }

  /** Declares that two Patients are one person, as a merge does. */
  link(patientId: RecordId, sameAs: RecordId): void {
    this.#merged.set(this.personOf(patientId), this.personOf(sameAs));
  }

  versionsOf(recordId: RecordId): readonly LedgerVersion[] {
    return this.#sealed.filter(({ ledger }) => ledger.recordId === recordId).map(({ ledger }) => ledger);
  }

  #exchangeOf(mspId: string, store: Store): Exchange {
    const answers = this.answers;
    return {
      faces: this.faces,
      knows: ({ userId }) => !this.ended.has(userId),
      answers: answers.port,
      write: async (context, operations, keep) => {
        const result = this.#write(mspId, store, context, operations);
        if (keep !== undefined) answers.keep(context.caller, keep, result.lastUpdated);
        return result;
      },
      versions: async (recordId) => this.versionsOf(recordId),
      listPerson: async (person, wanted = {}) => this.#listPerson(mspId, person, wanted),
      decide: async ({ caller }, items) => items.map((item) => this.policy(caller, item)),
      state: async ({ caller }, access) => void this.statements.push({ mspId, caller, ...access }),
      open: async (context, versions) => this.#open(context, versions),
      exportAccessLog: async (_context, person) => ({ format: 'test', person }),
      breakGlass: async () => ({ transactionId: 'f'.repeat(64), until: '2026-03-01T14:00:00Z' }),
      persons: {
        forNewPatient: async (_context, identifiers) => this.#personFor(identifiers),
        ofPatient: async (patientId) =>
          this.#patients.has(patientId) ? this.personOf(patientId) : undefined,
        patientsOf: async (person) =>
          [...this.#patients]
            .filter(([, patient]) => this.#resolve(patient.person) === this.#resolve(person))
            .map(([recordId, { mspId }]) => ({ recordId, mspId })),
        match: async (_context, identifiers) => [
          ...new Set(identifiers.flatMap((name) => this.#identifiers.get(name) ?? [])),
        ],
        ofCaller: async ({ userId }) => this.keys.get(userId),
      },
    };
  }

  #resolve(person: PersonId): PersonId {
    return this.#merged.get(person) ?? person;
  }

  #personFor(identifiers: readonly string[]): PersonId {
    const known = identifiers
      .map((name) => this.#identifiers.get(name))
      .find((person) => person !== undefined);
    const person = known ?? randomPersonId();
    for (const name of identifiers) this.#identifiers.set(name, person);
    return person;
  }

  #write(
    mspId: string,
    own: Store,
    { caller, at }: RequestContext,
    operations: readonly WriteOperation[],
  ): WriteResult {
    const failure = this.failNextWrite;
    this.failNextWrite = undefined;
    if (failure !== undefined) throw failure;
    for (const operation of operations) {
      if (!this.mayWrite(caller, operation)) throw new ExchangeError('FORBIDDEN', 'The gate refused');
      const head = this.#headOf(operation.recordId)?.ledger.version ?? 0;
      if (operation.version !== head + 1) throw new ExchangeError('CONFLICT', 'Not head + 1');
    }
    const blockNumber = ++this.transactions;
    const transactionId = String(blockNumber).padStart(64, '0');
    const lastUpdated = new Date(at.getTime() + blockNumber).toISOString();
    operations.forEach((operation, sequence) => {
      const place = { channel: 'care', transactionId, blockNumber, lastUpdated };
      this.#apply(mspId, own, caller, operation, { ...place, sequence });
    });
    return { transactionId, blockNumber, lastUpdated };
  }

  #apply(
    mspId: string,
    own: Store,
    caller: Caller,
    operation: WriteOperation,
    place: {
      channel: string;
      transactionId: string;
      blockNumber: number;
      lastUpdated: string;
      sequence: number;
    },
  ): void {
    const { recordId, version, type } = operation;
    const directory = operation.kind === 'directory';
    const labels = directory ? null : operation.labels;
    const persons = directory ? [] : operation.persons;
    const resource = operation.kind === 'retract' ? null : operation.resource;
    const { sequence, ...facts } = place;
    const author = { mspId, userId: caller.userId };
    const kind = resource === null ? 'retract' : version === 1 ? 'put' : 'amend';
    const categories =
      labels === null ? [] : labels.confidentiality === 'N' ? labels.categories : ['restricted'];
    const ledger: LedgerVersion = { ...facts, recordId, version, persons, categories, author, kind };
    const plain: RecordLabels = { categories: ['other'], confidentiality: 'N', sensitivities: [] };
    const content = resource === null ? null : canonical(withoutServedMeta(resource));
    const sealed = content === null ? null : (parseExact(content) as ExactResource);
    this.#sealed.push({ ledger, type, resource: sealed, labels: labels ?? plain });
    if (type === 'Patient' && !this.#patients.has(recordId))
      this.#patients.set(recordId, { person: persons[0] as string, mspId });
    const text = servedText(content, version, place.lastUpdated);
    const row = { ...facts, sequence, type, id: recordId, version, text, persons, author: mspId, labels };
    for (const { store } of directory ? this.#members.values() : [{ store: own }])
      store.applyCommitted([row]);
  }

  #headOf(recordId: RecordId): Sealed | undefined {
    return this.#sealed.findLast(({ ledger }) => ledger.recordId === recordId);
  }

  #listPerson(
    own: string,
    person: PersonId,
    { categories, fromElsewhere = false }: PersonListing,
  ): LedgerVersion[] {
    const isAbout = ({ ledger }: Sealed): boolean =>
      ledger.persons.some((id) => this.#resolve(id) === this.#resolve(person));
    const ids = new Set(this.#sealed.filter(isAbout).map(({ ledger }) => ledger.recordId));
    const heads = [...ids].flatMap((id) => this.#headOf(id)?.ledger ?? []);
    return heads
      .filter(({ kind, author }) => kind !== 'retract' && !(fromElsewhere && author.mspId === own))
      .filter(
        (head) =>
          categories === undefined || head.categories.some((category) => categories.includes(category)),
      )
      .sort((left, right) => left.blockNumber - right.blockNumber);
  }

  #open(
    { caller }: RequestContext,
    versions: readonly LedgerVersion[],
  ): { opened: OpenedRecord[]; unreachable: string[] } {
    const opened = versions.flatMap((version): OpenedRecord[] => {
      const found = this.#sealed.find(
        ({ ledger }) => ledger.recordId === version.recordId && ledger.version === version.version,
      );
      if (found === undefined || found.resource === null) return [];
      const { ledger, type, resource, labels } = found;
      const { recordId, persons, author } = ledger;
      const item: AccessItem = {
        recordId,
        version: ledger.version,
        persons,
        author: author.mspId,
        labels,
        type,
      };
      return this.policy(caller, item).permit ? [{ ledger, type, resource, labels }] : [];
    });
    this.opened.push(...opened.map(({ ledger }) => ledger.recordId));
    return { opened, unreachable: [...this.unreachable] };
  }
}
