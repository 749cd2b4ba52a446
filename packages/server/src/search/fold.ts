/** Strings compare without case, accents and repeated white space (FHIR R4, search.html section 3.1.1.4.8). */
export function fold(text: string): string {
  return text.normalize('NFKD').replace(/\p{M}/gu, '').toLowerCase().replace(/\s+/g, ' ').trim();
}

/** The least string above every string with this prefix, in code point order. */
export function prefixEnd(prefix: string): string {
  return `${prefix}\u{10FFFF}`;
}
