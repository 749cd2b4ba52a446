import { randomUUID } from 'node:crypto';
import type { GrantNode, HealthClient } from '@healthchain/contracts';
import { canonical, isPersonId, parseExact } from '@healthchain/core';
import { identifiersOf, localReference } from '../../fhir/index.ts';
import type { Caller, ExactResource, Face, FaceResource, Persons, RequestContext } from '../../ports.ts';
import type { Store } from '../../store/index.ts';
import { ExchangeError } from '../error.ts';
import type { LedgerFacts } from '../facts/facts.ts';
import { consentOf, type PatientReference } from './consent-read.ts';
import { grantOf, notEnforced, readConsent, type ConsentBody, type ConsentNames } from './consent-write.ts';
import { SYSTEM } from './systems.ts';

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
      filter.personId === undefined ? await this.#nodesOf(caller) : await this.#nodesAbout(filter.personId);
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
      .authorisation.grant(argument);
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

  /** Of a patient the own tree, of everyone else the nodes that name them, their role or their organisation. */
  async #nodesOf(caller: Caller): Promise<readonly GrantNode[]> {
    const own = await this.#options.persons.ofCaller(caller);
    if (own !== undefined) return this.#nodesAbout(own);
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
    if (own !== undefined) return facts.personsOf(own).includes(node.personId);
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
      person: (patient) => this.#personOf(patient),
      directory: (reference, system) => {
        const target = localReference(reference, bases);
        const text = target === undefined ? undefined : store.get(target.type, target.id)?.text;
        if (text === undefined || text === null) return undefined;
        const found = identifiersOf(parseExact(text) as ExactResource).find((each) =>
          each.startsWith(`${system}|`),
        );
        return found?.slice(system.length + 1);
      },
    };
  }

  async #personOf(patient: ConsentBody['patient']): Promise<string> {
    const { bases, persons, facts } = this.#options;
    const target = patient.reference === undefined ? undefined : localReference(patient.reference, bases);
    const named = patient.identifier?.value;
    const found = target?.type === 'Patient' ? await persons.ofPatient(target.id) : named;
    if (found === undefined || !isPersonId(found)) throw notEnforced('Consent.patient');
    return facts.resolve(found);
  }

  async #filter(
    parameters: URLSearchParams,
  ): Promise<{ readonly personId?: string; matches(node: GrantNode): boolean }> {
    const id = parameters.get('_id');
    const status = parameters.get('status');
    const patient = parameters.get('patient') ?? parameters.get('subject');
    const reference = patient === null || patient.includes('/') ? patient : `Patient/${patient}`;
    const personId = reference === null ? undefined : await this.#personOf({ reference });
    return {
      ...(personId === undefined ? {} : { personId }),
      matches: (node) =>
        (id === null || id.split(',').includes(node.grantId)) &&
        (status === null || status === (node.revoked === undefined ? 'active' : 'inactive')),
    };
  }
}

const PAGE_SIZE = 500;
/** Nodes read of one list: more would be no list that a person reads. */
const MAX_NODES = 5_000;

async function allPages(
  page: (paging: { readonly bookmark?: string; readonly pageSize: number }) => Promise<{
    readonly rows: readonly GrantNode[];
    readonly bookmark?: string;
  }>,
): Promise<readonly GrantNode[]> {
  const rows: GrantNode[] = [];
  let bookmark: string | undefined;
  do {
    const next = await page({ pageSize: PAGE_SIZE, ...(bookmark === undefined ? {} : { bookmark }) });
    rows.push(...next.rows);
    bookmark = next.bookmark;
  } while (bookmark !== undefined && rows.length < MAX_NODES);
  return rows;
}
