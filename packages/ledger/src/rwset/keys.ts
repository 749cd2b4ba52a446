const SURROGATES = /[\ud800-\udfff\ue000-\uffff]/;

/** Order of keys as Go compares strings: by their UTF-8 bytes, which differs from JavaScript's above U+D7FF. */
export function compareKeys(a: string, b: string): number {
  if (a === b) return 0;
  if (SURROGATES.test(a) && SURROGATES.test(b)) return Buffer.compare(Buffer.from(a), Buffer.from(b));
  return a < b ? -1 : 1;
}

/** Where the hashed values of a collection stand in the state, as in Fabric's privacyenabledstate. */
export function hashedNamespace(namespace: string, collection: string): string {
  return `${namespace}$$h${collection}`;
}

/** Where the values of a collection stand in the state. */
export function privateNamespace(namespace: string, collection: string): string {
  return `${namespace}$$p${collection}`;
}
