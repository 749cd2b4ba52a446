import { LedgerError } from '../error.ts';
import type { Chaincode } from '../peer/index.ts';

/** Where a chaincode object comes from; a worker can only load modules. */
export interface ChaincodeModule {
  /** file: URL */
  readonly module: string;
  readonly export: string;
}

export type ChaincodeSource = ChaincodeModule | Chaincode;

export function isModule(source: ChaincodeSource): source is ChaincodeModule {
  return 'module' in source;
}

/** @throws LedgerError BAD_DEFINITION when a module exports no chaincode of that name */
export async function loadChaincodes(
  sources: Readonly<Record<string, ChaincodeSource>>,
): Promise<Map<string, Chaincode>> {
  const chaincodes = new Map<string, Chaincode>();
  for (const [name, source] of Object.entries(sources)) {
    chaincodes.set(name, isModule(source) ? await loadModule(name, source) : source);
  }
  return chaincodes;
}

async function loadModule(name: string, source: ChaincodeModule): Promise<Chaincode> {
  const exports = (await import(source.module)) as Record<string, unknown>;
  const chaincode = exports[source.export];
  const isChaincode =
    typeof chaincode === 'object' && chaincode !== null && 'Invoke' in chaincode && 'Init' in chaincode;
  if (!isChaincode) {
    throw new LedgerError(
      'BAD_DEFINITION',
      `${source.module} exports no chaincode ${source.export} for ${name}`,
    );
  }
  return chaincode as Chaincode;
}
