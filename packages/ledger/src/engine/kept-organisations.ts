import { readFileSync, statSync } from 'node:fs';
import { diskFiles } from '../storage/index.ts';
import { checkOrganisation, type OrganisationDefinition } from './definition.ts';
import { layout, nodesOf, type NodeName } from './layout.ts';

/** The organisations and nodes that this machine holds the keys of. */
interface Kept {
  readonly organisations: readonly OrganisationDefinition[];
  readonly nodes: readonly NodeName[];
}

/** Enters an organisation whose keys have been made into the files of the network. Durable on return. */
export async function keepOrganisation(
  directory: string,
  organisation: OrganisationDefinition,
): Promise<void> {
  const others = read(directory).filter(({ mspId }) => mspId !== organisation.mspId);
  const text = JSON.stringify([...others, organisation], undefined, 2);
  await diskFiles.replace(layout.keptOrganisations(directory), Buffer.from(text));
}

/** The founding ones as they are today, then those that came later. The file is read again when another has replaced it. */
export function keptOrganisations(
  directory: string,
  founding: readonly OrganisationDefinition[],
): () => Kept {
  const path = layout.keptOrganisations(directory);
  let seen: string | undefined;
  let kept: Kept = withNodes(founding);
  return () => {
    const file = statSync(path, { throwIfNoEntry: false });
    const now = file === undefined ? undefined : `${file.ino}/${file.mtimeMs}/${file.size}`;
    if (now !== seen) {
      kept = withNodes(merged(founding, read(directory)));
      seen = now;
    }
    return kept;
  };
}

function merged(
  founding: readonly OrganisationDefinition[],
  kept: readonly OrganisationDefinition[],
): OrganisationDefinition[] {
  const grown = founding.map(
    (organisation) => kept.find(({ mspId }) => mspId === organisation.mspId) ?? organisation,
  );
  const later = kept.filter(({ mspId }) => founding.every((organisation) => organisation.mspId !== mspId));
  return [...grown, ...later];
}

function withNodes(organisations: readonly OrganisationDefinition[]): Kept {
  return { organisations, nodes: organisations.flatMap(nodesOf) };
}

/** @throws LedgerError BAD_DEFINITION */
function read(directory: string): OrganisationDefinition[] {
  const path = layout.keptOrganisations(directory);
  if (statSync(path, { throwIfNoEntry: false }) === undefined) return [];
  return (JSON.parse(readFileSync(path, 'utf8')) as unknown[]).map(checkOrganisation);
}
