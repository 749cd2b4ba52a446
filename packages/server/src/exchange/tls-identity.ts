import type { TlsIdentity } from './context.ts';

const CERTIFICATE = /-----BEGIN CERTIFICATE-----[\s\S]+?-----END CERTIFICATE-----\n?/g;

/** The part of the ledger's network that knows TLS certificates. */
interface TlsSource {
  readonly organisations: readonly { readonly mspId: string }[];
  /** `ca`: the TLS roots of all organisations, one each, in their order. */
  tlsIdentity(mspId: string): { readonly cert: string; readonly key: string; readonly ca: string };
}

/** The custody API's TLS identity of one organisation of an embedded network. */
export function tlsIdentityFrom(network: TlsSource, mspId: string): TlsIdentity {
  const { cert, key, ca } = network.tlsIdentity(mspId);
  const pems = ca.match(CERTIFICATE) ?? [];
  const { organisations } = network;
  if (pems.length !== organisations.length) throw new Error('Every organisation has one TLS root');
  const roots = Object.fromEntries(
    organisations.map((organisation, i) => [organisation.mspId, pems[i] as string]),
  );
  return { certificate: cert, privateKey: key, roots };
}
