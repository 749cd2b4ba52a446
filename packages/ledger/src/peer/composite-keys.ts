const COMPOSITE_NAMESPACE = '\u0000';
/** Where simple keys begin: a range from the empty key leaves composite keys out. */
export const EMPTY_KEY_SUBSTITUTE = '\u0001';
/** Behind every key with a given prefix. */
export const MAX_RUNE = '\u{10ffff}';

/** As fabric-shim makes them: each part ends with U+0000. */
export function compositeKey(objectType: string, attributes: string[]): string {
  mustBeAttribute(objectType);
  if (!Array.isArray(attributes)) throw new Error('attributes must be an array');
  for (const attribute of attributes) mustBeAttribute(attribute);
  const parts = [objectType, ...attributes].map((part) => part + COMPOSITE_NAMESPACE);
  return COMPOSITE_NAMESPACE + parts.join('');
}

export function splitCompositeKey(key: string): { objectType: string | null; attributes: string[] } {
  if (key.length <= 1 || !key.startsWith(COMPOSITE_NAMESPACE)) return { objectType: null, attributes: [] };
  const [objectType = '', ...rest] = key.slice(1).split(COMPOSITE_NAMESPACE);
  return { objectType, attributes: rest.slice(0, -1) };
}

export function mustBeSimple(...keys: string[]): void {
  for (const key of keys) {
    if (key?.startsWith(COMPOSITE_NAMESPACE)) {
      throw new Error(`first character of the key [${key}] contains a null character which is not allowed`);
    }
  }
}

function mustBeAttribute(attribute: unknown): void {
  if (typeof attribute !== 'string' || attribute.length === 0) {
    throw new Error('object type or attribute not a non-zero length string');
  }
}
