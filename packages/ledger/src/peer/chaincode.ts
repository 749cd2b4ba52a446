/** A chaincode's answer, as fabric-shim's `shim.success` and `shim.error` make it. */
export interface ChaincodeResponse {
  readonly status: number;
  readonly message?: string;
  readonly payload?: Uint8Array;
}

/**
 * fabric-shim's ChaincodeInterface. `stub` has the shape and the behaviour of fabric-shim's ChaincodeStub; it is typed
 * loosely here so that a contract may declare the part that it uses.
 */
export interface Chaincode {
  Init(stub: never): Promise<ChaincodeResponse>;
  Invoke(stub: never): Promise<ChaincodeResponse>;
}

/** Status from which on an answer is not endorsed, and from which on it is an error of the chaincode. */
export const ERROR_THRESHOLD = 400;
export const ERROR = 500;

export interface ChaincodeEvent {
  readonly name: string;
  readonly payload: Uint8Array;
}
