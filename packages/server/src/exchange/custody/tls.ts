import { createHash, X509Certificate } from 'node:crypto';
import type { TLSSocket } from 'node:tls';
import type { TlsIdentity } from '../context.ts';

/** Longest chain from a node's certificate to its organisation's TLS root. */
const MAX_CHAIN = 5;

/**
 * The member whose TLS roots the authenticated peer's certificate chains to. Undefined when none does, or more than one:
 * then nobody can say who it is.
 */
export function memberOf(socket: TLSSocket, tls: TlsIdentity): string | undefined {
  if (!socket.authorized) return undefined;
  const chain = chainOf(socket);
  const members = Object.entries(tls.roots).filter(([, pem]) => endsIn(chain, new X509Certificate(pem)));
  return members.length === 1 ? members[0]?.[0] : undefined;
}

function chainOf(socket: TLSSocket): X509Certificate[] {
  const chain: X509Certificate[] = [];
  let certificate = socket.getPeerX509Certificate();
  while (certificate !== undefined && chain.length < MAX_CHAIN) {
    chain.push(certificate);
    certificate = certificate.issuerCertificate;
  }
  return chain;
}

function endsIn(chain: readonly X509Certificate[], root: X509Certificate): boolean {
  const last = chain.at(-1);
  if (last === undefined) return false;
  if (fingerprint(last) === fingerprint(root)) return true;
  return last.checkIssued(root) && last.verify(root.publicKey);
}

function fingerprint(certificate: X509Certificate): string {
  return createHash('sha256').update(certificate.raw).digest('hex');
}
