import { LIFECYCLE, readDefinition, type ChaincodeDefinition } from '../lifecycle/index.ts';
import { sameVersion, type Version } from '../rwset/index.ts';
import type { LedgerView } from '../storage/index.ts';
import { SimulationError, type Simulator } from './simulator.ts';

interface Known {
  readonly version: Version | undefined;
  readonly definition: ChaincodeDefinition | undefined;
}

/**
 * Definitions of a channel's chaincodes, read again whenever the sequence of one has been written: it counts up with every
 * commit of a definition.
 */
export class DefinitionCache {
  readonly #known = new Map<string, Known>();

  /** The read of the sequence becomes part of the transaction, as on Fabric. @throws SimulationError */
  forTransaction(simulator: Simulator, name: string): ChaincodeDefinition {
    const version = simulator.get(LIFECYCLE, sequenceKey(name))?.version;
    const definition = this.#at(version, name, (key) => simulator.peek(LIFECYCLE, key));
    if (definition === undefined) throw new SimulationError(`chaincode ${name} not found`);
    return definition;
  }

  forPlan(view: LedgerView, name: string): ChaincodeDefinition | undefined {
    const version = view.get(LIFECYCLE, sequenceKey(name))?.version;
    return this.#at(version, name, (key) => view.get(LIFECYCLE, key)?.value);
  }

  #at(
    version: Version | undefined,
    name: string,
    get: (key: string) => Uint8Array | undefined,
  ): ChaincodeDefinition | undefined {
    const known = this.#known.get(name);
    if (known !== undefined && sameVersion(known.version, version)) return known.definition;
    const definition = readDefinition(get, name);
    this.#known.set(name, { version, definition });
    return definition;
  }
}

/** Where Fabric's `_lifecycle` keeps the sequence of a committed definition. */
function sequenceKey(name: string): string {
  return `namespaces/fields/${name}/Sequence`;
}
