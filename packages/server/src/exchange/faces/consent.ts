import { randomUUID } from 'node:crypto';
import type { GrantNode, HealthClient } from '@healthchain/contracts';
import { canonical, isPersonId, parseExact } from '@healthchain/core';
import { localReference } from '../../fhir/index.ts';
import type { Caller, ExactResource, Face, FaceResource, Persons, RequestContext } from '../../ports.ts';
import type { Store } from '../../store/index.ts';
import { ExchangeError } from '../error.ts';
import type { LedgerFacts } from '../facts/facts.ts';
import { consentOf, type PatientReference } from './consent-read.ts';
import { grantOf, notEnforced, readConsent, type ConsentBody, type ConsentNames } from './consent-write.ts';
import { identityIn } from './directory-identity.ts';
import { allPages } from './pages.ts';
import { SYSTEM } from './systems.ts';
import { rethrowUntold, untold } from './untold.ts';

export interface ConsentOptions {
  readonly facts: LedgerFacts;
  readonly persons: Persons;
  readonly store: Store;
  /** FHIR bases of the members. */
  readonly bases: readonly string[];
  /** Evaluates as the server. */
  readonly server: HealthClient;
  /** Submits as the caller, who signs the grant. */
  readonly clientOf: (caller: Caller) => HealthClient;
  /** Returns when this server has applied the block. */
  readonly applied: (blockNumber: number) => Promise<void>;
}

/** The face of the authorisation tree: create grants, update to `inactive` revokes, nothing else changes a node. */
export class ConsentFace implements Face {
  readonly #options: ConsentOptions;

  constructor(options: ConsentOptions) {
    this.#options = options;
  }

  async read({ caller }: RequestContext, id: string): Promise<FaceResource | undefined> {
    const node = await this.#node(id);
    return node !== undefined && this.#maySee(caller, node) ? this.#show(node) : undefined;
  }

  async history(context: RequestContext, id: string): Promise<readonly FaceResource[]> {
    const node = await this.#node(id);
    if (node === undefined || !this.#maySee(context.caller, node)) return [];
    const { revoked, ...granted } = node;
    const versions = revoked === undefined ? [node] : [granted, node];
    return Promise.all(versions.map((each) => this.#show(each)));
  }

  async search({ caller }: RequestContext, parameters: URLSearchParams): Promise<readonly FaceResource[]> {
    const filter = await this.#filter(parameters);
    const nodes =
      filter.persons === undefined
        ? await this.#nodesOf(caller)
        : (await Promise.all(filter.persons.map((person) => this.#nodesAbout(person)))).flat();
    const shown = nodes.filter((node) => this.#maySee(caller, node) && filter.matches(node));
    return Promise.all(shown.map((node) => this.#show(node)));
  }

  async create(context: RequestContext, resource: ExactResource): Promise<FaceResource> {
    const body = readConsent(resource);
    if (body.status !== 'active') throw notEnforced('Consent.status');
    this.#assertOwnStatements(context.caller, body);
    const argument = await grantOf(body, randomUUID(), this.#names(), context.at);
    const { result, blockNumber } = await this.#options
      .clientOf(context.caller)
      .authorisation.grant(argument)
      .catch(rethrowUntold);
    await this.#options.applied(Number(blockNumber));
    return this.#show(result);
  }

  async update(
    context: RequestContext,
    id: string,
    resource: ExactResource,
    ifMatch: string | undefined,
  ): Promise<FaceResource> {
    const current = await this.read(context, id);
    const node = await this.#node(id);
    if (current === undefined || node === undefined)
      throw new ExchangeError('NOT_FOUND', 'There is no such Consent');
    if (ifMatch !== undefined && ifMatch !== current.versionId) {
      throw new ExchangeError('CONFLICT', 'The Consent has another version', {
        details: { versionId: current.versionId },
      });
    }
    await this.#assertOnlyRevoked(node, readConsent(resource), context.at);
    const { result, blockNumber } = await this.#options
      .clientOf(context.caller)
      .authorisation.revoke({ grantId: id });
    await this.#options.applied(Number(blockNumber));
    return this.#show(result);
  }

  /** Everything but the status stays: a node of the tree never changes. */
  async #assertOnlyRevoked(node: GrantNode, body: ConsentBody, at: Date): Promise<void> {
    if (body.status !== 'inactive') throw notEnforced('Consent.status');
    const shown = await this.#show(node);
    const names = this.#names();
    const before = await grantOf(
      readConsent(parseExact(JSON.stringify(shown.resource)) as ExactResource),
      node.grantId,
      names,
      at,
    );
    const wanted = await grantOf(body, node.grantId, names, at);
    const start = body.provision.period?.start === undefined ? before.start : wanted.start;
    if (canonical({ ...wanted, start }) !== canonical(before)) throw notEnforced('Consent.provision');
  }

  async #node(id: string): Promise<GrantNode | undefined> {
    try {
      const { inForce: _inForce, ...node } = await this.#options.server.authorisation.get({ grantId: id });
      return node;
    } catch (error) {
      if (error instanceof ExchangeError && (error.code === 'NOT_FOUND' || error.code === 'INVALID'))
        return undefined;
      throw error;
    }
  }

  async #nodesAbout(personId: string): Promise<readonly GrantNode[]> {
    const { facts, server } = this.#options;
    const lists = facts
      .personsOf(personId)
      .map((person) => allPages((page) => server.authorisation.listByPerson({ personId: person, ...page })));
    return (await Promise.all(lists)).flat();
  }

  /** The nodes that name the caller, the caller's role or organisation; a patient's own tree. */
  async #nodesOf(caller: Caller): Promise<readonly GrantNode[]> {
    const person = await this.#options.persons.ofCaller(caller);
    const own = person === undefined ? [] : await this.#nodesAbout(person);
    const named = (await this.#nodesNaming(caller)).filter((node) => !own.some(isSame(node)));
    return [...own, ...named];
  }

  async #nodesNaming(caller: Caller): Promise<readonly GrantNode[]> {
    const { mspId, userId, role } = caller;
    const grantees = [
      { kind: 'person' as const, mspId, userId },
      { kind: 'role' as const, mspId, role },
      { kind: 'organisation' as const, mspId },
    ];
    const { server } = this.#options;
    const lists = grantees.map((grantee) =>
      allPages((page) => server.authorisation.listByGrantee({ grantee, ...page })),
    );
    return (await Promise.all(lists)).flat();
  }

  /** The patient, who granted it, who is named by it, and the regulator. */
  #maySee(caller: Caller, node: GrantNode): boolean {
    const { facts } = this.#options;
    if (caller.role === 'regulator') return true;
    if (node.grantor.mspId === caller.mspId && node.grantor.userId === caller.userId) return true;
    const own = caller.role === 'patient' ? facts.personOfKey(caller.mspId, caller.userId) : undefined;
    if (own !== undefined && facts.personsOf(own).includes(node.personId)) return true;
    const { grantee } = node;
    if (grantee.mspId !== caller.mspId) return false;
    if (grantee.kind === 'person') return grantee.userId === caller.userId;
    return grantee.kind === 'organisation' || grantee.role === caller.role;
  }

  async #show(node: GrantNode): Promise<FaceResource> {
    const [patient] = await this.#options.persons.patientsOf(node.personId);
    const reference: PatientReference =
      patient === undefined
        ? { identifier: { system: SYSTEM.person, value: node.personId } }
        : { reference: `Patient/${patient.recordId}` };
    return consentOf(node, reference);
  }

  /** Who performed and which organisation keeps it follow from the signature: other statements are refused. */
  #assertOwnStatements(caller: Caller, body: ConsentBody): void {
    const [performer] = body.performer ?? [];
    const ownUser = `${caller.mspId}/${caller.userId}`;
    if (performer !== undefined && 'identifier' in performer && performer.identifier.value !== ownUser) {
      throw notEnforced('Consent.performer[0]');
    }
    const [organisation] = body.organization ?? [];
    if (
      organisation !== undefined &&
      'identifier' in organisation &&
      organisation.identifier.value !== caller.mspId
    ) {
      throw notEnforced('Consent.organization[0]');
    }
    if (body.sourceReference !== undefined) throw notEnforced('Consent.source[x]');
  }

  #names(): ConsentNames {
    const { store, bases } = this.#options;
    return {
      person: (patient) => this.#knownPerson(patient),
      directory: (reference, system) => {
        const target = localReference(reference, bases);
        return target === undefined ? undefined : identityIn(store.get(target.type, target.id), system);
      },
    };
  }

  /** Undefined: nobody's id. @throws ExchangeError INVALID for what is no Patient's id */
  async #personOf({ reference, identifier }: ConsentBody['patient']): Promise<string | undefined> {
    const { bases, persons, facts } = this.#options;
    if (reference !== undefined) {
      const target = localReference(reference, bases);
      if (target?.type !== 'Patient') throw notEnforced('Consent.patient');
      return persons.ofPatient(target.id);
    }
    if (identifier === undefined || !isPersonId(identifier.value)) throw notEnforced('Consent.patient');
    return facts.resolve(identifier.value);
  }

  async #knownPerson(patient: ConsentBody['patient']): Promise<string> {
    const person = await this.#personOf(patient);
    if (person === undefined) throw untold();
    return person;
  }

  async #filter(
    parameters: URLSearchParams,
  ): Promise<{ readonly persons?: readonly string[]; matches(node: GrantNode): boolean }> {
    const id = parameters.get('_id');
    const status = parameters.get('status');
    const patient = parameters.get('patient') ?? parameters.get('subject');
    const reference = patient === null || patient.includes('/') ? patient : `Patient/${patient}`;
    const person = reference === null ? undefined : await this.#personOf({ reference });
    return {
      ...(reference === null ? {} : { persons: person === undefined ? [] : [person] }),
      matches: (node) =>
        (id === null || id.split(',').includes(node.grantId)) &&
        (status === null || status === (node.revoked === undefined ? 'active' : 'inactive')),
    };
  }
}

function isSame({ grantId }: GrantNode): (other: GrantNode) => boolean {
  return (other) => other.grantId === grantId;
}
