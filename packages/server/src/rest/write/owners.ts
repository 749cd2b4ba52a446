import type { PersonId } from '@healthchain/core';
import { identifiersOf, ownershipOf, typeRow } from '../../fhir/index.ts';
import { mayNotWrite, RestError } from '../error.ts';
import type { Visit } from '../visit.ts';
import type { Proposal } from './drafts.ts';

/**
 * The persons that each proposal is about, sorted, by the type table. A person who does not exist gives the same answer as one
 * about whom the caller may not write. Nobody is registered.
 *
 * @throws RestError BUSINESS_RULE for an owner that cannot be resolved, more than one where one is wanted, or another person than
 * that of the version before; FORBIDDEN
 */
export async function ownersOf(
  visit: Visit,
  proposals: readonly Proposal[],
): Promise<(readonly PersonId[])[]> {
  const search = new OwnerSearch(visit, proposals);
  const needed = proposals.map((proposal) => search.needs(proposal));
  await search.findStored(needed.flat());
  for (const proposal of proposals) search.assertWellOwned(proposal);
  await search.findNewPatients();
  const owners: (readonly PersonId[])[] = [];
  for (const proposal of proposals) owners.push(await search.ownersOf(proposal));
  return owners;
}

/** Longest chain of records that own each other's persons: Slot → Schedule → Patient. */
const MAX_THROUGH = 5;

interface Named {
  readonly patients: readonly string[];
  readonly through: readonly string[];
}

class OwnerSearch {
  readonly #visit: Visit;
  readonly #siblings: ReadonlyMap<string, Proposal>;
  /** Persons by `Type/id`, for what is not in this body. */
  readonly #stored = new Map<string, readonly PersonId[]>();
  readonly #newPatients = new Map<string, PersonId>();
  readonly #names = new Map<Proposal, Named>();

  constructor(visit: Visit, proposals: readonly Proposal[]) {
    this.#visit = visit;
    this.#siblings = new Map(proposals.map((proposal) => [`${proposal.type}/${proposal.id}`, proposal]));
  }

  /** References to other bodies that decide about this proposal's owner. */
  needs(proposal: Proposal): string[] {
    const { patients, through } = this.#named(proposal);
    return [...patients, ...through].filter((reference) => !this.#siblings.has(reference));
  }

  async findStored(references: readonly string[]): Promise<void> {
    for (const reference of new Set(references)) this.#stored.set(reference, await this.#lookUp(reference));
  }

  assertWellOwned(proposal: Proposal): void {
    const { patients } = this.#named(proposal);
    if (typeRow(proposal.type)?.kind === 'person' && patients.length > 1) {
      throw rule(proposal, `${proposal.type} is about exactly one person`);
    }
  }

  /** Two Patients of one body that share an identifier are one person. */
  async findNewPatients(): Promise<void> {
    const { context, server } = this.#visit;
    const found = new Map<string, PersonId>();
    for (const [reference, proposal] of this.#siblings) {
      if (!isNewPatient(proposal)) continue;
      const identifiers = identifiersOf(proposal.resource);
      const twin = identifiers.map((identifier) => found.get(identifier)).find((id) => id !== undefined);
      const person = twin ?? (await server.exchange.persons.forNewPatient(context, identifiers));
      for (const identifier of identifiers) found.set(identifier, person);
      this.#newPatients.set(reference, person);
    }
  }

  async ownersOf(proposal: Proposal): Promise<readonly PersonId[]> {
    const owners = this.#resolve(proposal, MAX_THROUGH);
    if (proposal.previous === undefined) return owners;
    if (await this.#isSame(proposal.previous.persons, owners)) return proposal.previous.persons;
    throw rule(proposal, 'A version never changes person');
  }

  #resolve(proposal: Proposal, left: number): readonly PersonId[] {
    if (left === 0) throw rule(proposal, 'The owner is reached through too many records');
    if (proposal.type === 'Patient' && proposal.previous !== undefined) return proposal.previous.persons;
    const { patients, through } = this.#named(proposal);
    const found = [...patients, ...through].flatMap((reference) => this.#personsOf(reference, left));
    return [...new Set(found)].sort();
  }

  #personsOf(reference: string, left: number): readonly PersonId[] {
    const registered = this.#newPatients.get(reference);
    if (registered !== undefined) return [registered];
    const sibling = this.#siblings.get(reference);
    return sibling === undefined ? (this.#stored.get(reference) ?? []) : this.#resolve(sibling, left - 1);
  }

  #named(proposal: Proposal): Named {
    const known = this.#names.get(proposal);
    if (known !== undefined) return known;
    const owned = ownershipOf(proposal.plain, this.#visit.server.memberBases);
    if (owned.kind === 'unresolved') {
      throw rule(
        proposal,
        `${owned.element} must be a reference that this consortium can resolve`,
        owned.element,
      );
    }
    const named = owned.kind === 'persons' ? owned : { patients: [], through: [] };
    this.#names.set(proposal, named);
    return named;
  }

  async #lookUp(reference: string): Promise<readonly PersonId[]> {
    const [type, id] = reference.split('/') as [string, string];
    const { exchange, store } = this.#visit.server;
    if (type === 'Patient') {
      const person = await exchange.persons.ofPatient(id);
      if (person === undefined) throw mayNotWrite();
      return [person];
    }
    const head = store.get(type, id);
    if (head !== undefined) return head.persons;
    const foreign = (await exchange.versions(id)).at(-1);
    if (foreign === undefined) throw mayNotWrite();
    return foreign.persons;
  }

  /** The same persons, or those that they were merged into. */
  async #isSame(before: readonly PersonId[], owners: readonly PersonId[]): Promise<boolean> {
    if (before.join() === owners.join()) return true;
    const resolved = await Promise.all(before.map((person) => this.#survivorOf(person)));
    return [...new Set(resolved)].sort().join() === owners.join();
  }

  async #survivorOf(person: PersonId): Promise<PersonId> {
    const { persons } = this.#visit.server.exchange;
    const [patient] = await persons.patientsOf(person);
    return patient === undefined ? person : ((await persons.ofPatient(patient.recordId)) ?? person);
  }
}

/** Through whom the own organisation comes to know a person. */
export function isNewPatient({ type, previous }: Proposal): boolean {
  return type === 'Patient' && previous === undefined;
}

function rule({ place }: Proposal, message: string, element?: string): RestError {
  const below = element === undefined ? '' : element.replace(/^[A-Za-z]+/, '');
  const expression = place === '' ? element : `${place}${below}`;
  return new RestError('BUSINESS_RULE', message, { details: expression === undefined ? {} : { expression } });
}
