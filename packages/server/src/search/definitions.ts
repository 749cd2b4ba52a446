export interface ParameterDefinition {
  readonly type: string;
  readonly code: string;
  readonly kind: 'token' | 'string' | 'date' | 'reference' | 'quantity' | 'number' | 'uri' | 'composite';
}
/** The parameters of a resource type, by code; for the capability statement. */
export declare function searchParameters(type: string): ReadonlyMap<string, ParameterDefinition>;
