import { parseCertificatePem } from './certificate.ts';

type Attributes = Readonly<Record<string, string>>;

/** Certificates come again with every transaction of their holders; when so many have come, all are forgotten. */
const MAX_REMEMBERED = 10_000;
const remembered = new Map<string, Attributes>();

/** The attributes of Fabric CA's extension in a PEM certificate; none when it has none. @throws LedgerError MALFORMED */
export function certificateAttributes(pem: string): Attributes {
  const known = remembered.get(pem);
  if (known !== undefined) return known;
  const { attributes } = parseCertificatePem(pem);
  if (remembered.size >= MAX_REMEMBERED) remembered.clear();
  remembered.set(pem, attributes);
  return attributes;
}
