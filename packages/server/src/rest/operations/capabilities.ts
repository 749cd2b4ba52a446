import { RESOURCE_TYPES, type Kind } from '../../fhir/index.ts';
import { searchParameters } from '../../search/index.ts';
import { json } from '../answers.ts';
import type { ServerContext } from '../context.ts';
import { INTERACTIONS, type InteractionName } from '../interactions.ts';
import { pass, type RestAnswer, type Visit } from '../visit.ts';

const STORED = [
  'read',
  'vread',
  'update',
  'delete',
  'history-instance',
  'history-type',
  'create',
  'search-type',
] as const;
const FACE = ['read', 'vread', 'history-instance', 'search-type'] as const;

/** What the type table lets a kind of type do; the faces of a running exchange may add create and update. */
const OF_KIND: Readonly<Record<Kind, readonly InteractionName[]>> = {
  person: STORED,
  several: STORED,
  through: STORED,
  'no-person': STORED,
  directory: STORED,
  conformance: STORED,
  face: FACE,
  'contract-face': FACE,
  never: [],
};

const texts = new WeakMap<ServerContext, string>();

/** The CapabilityStatement, generated from the enforcement table and the type table. */
export async function capabilities(visit: Visit): Promise<RestAnswer> {
  const { server } = visit;
  const text = texts.get(server) ?? JSON.stringify(statement(server));
  texts.set(server, text);
  pass(visit, 'render');
  return json(200, text);
}

function statement(server: ServerContext): object {
  return {
    resourceType: 'CapabilityStatement',
    status: 'active',
    date: server.clock().toISOString(),
    publisher: server.organisation.name,
    kind: 'instance',
    software: { name: 'HealthChain', version: server.version },
    implementation: { description: `HealthChain server of ${server.organisation.name}`, url: server.baseUrl },
    fhirVersion: '4.0.1',
    format: ['application/fhir+json', 'json'],
    rest: [
      {
        mode: 'server',
        security: {
          description:
            'Bearer token of this organisation, with role and purpose of use; every access is logged',
        },
        resource: resources(server),
        interaction: [{ code: 'transaction' }, { code: 'batch' }, { code: 'history-system' }],
      },
    ],
  };
}

function resources(server: ServerContext): object[] {
  return Object.entries(RESOURCE_TYPES).flatMap(([type, { kind }]) => {
    const names = interactionsOf(server, type, kind);
    return names.length === 0 ? [] : [resource(type, names)];
  });
}

function interactionsOf(server: ServerContext, type: string, kind: Kind): readonly InteractionName[] {
  const face = Object.hasOwn(server.exchange.faces, type) ? server.exchange.faces[type] : undefined;
  if (OF_KIND[kind] !== FACE) return OF_KIND[kind];
  if (face === undefined) return [];
  return [
    ...FACE,
    ...(face.create === undefined ? [] : ['create' as const]),
    ...(face.update === undefined ? [] : ['update' as const]),
  ];
}

function resource(type: string, names: readonly InteractionName[]): object {
  return {
    type,
    interaction: names.map((code) => ({ code })),
    versioning: 'versioned',
    readHistory: true,
    updateCreate: false,
    conditionalCreate: names.includes('create'),
    conditionalRead: 'full-support',
    conditionalUpdate: false,
    conditionalDelete: 'not-supported',
    referencePolicy: ['literal', 'logical', 'local'],
    searchParam: [...searchParameters(type).values()].map(({ code, kind, url }) => ({
      name: code,
      type: kind,
      definition: url,
    })),
    operation: operationsOf(type),
  };
}

function operationsOf(type: string): object[] {
  const rows = INTERACTIONS.filter(
    ({ name, path }) => name.startsWith('$') && (path.startsWith('/:type/') || path.startsWith(`/${type}/`)),
  );
  return rows.map(({ name }) => ({
    name: name.slice(1),
    definition: DEFINITIONS[name] ?? `urn:healthchain:operation:${name.slice(1)}`,
  }));
}

const DEFINITIONS: Readonly<Partial<Record<InteractionName, string>>> = {
  $validate: 'http://hl7.org/fhir/OperationDefinition/Resource-validate',
  $everything: 'http://hl7.org/fhir/OperationDefinition/Patient-everything',
  $match: 'http://hl7.org/fhir/OperationDefinition/Patient-match',
};
