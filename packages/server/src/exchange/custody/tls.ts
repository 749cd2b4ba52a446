import { X509Certificate } from 'node:crypto';
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
  const own = socket.getPeerX509Certificate();
  if (own === undefined) return undefined;
  const members = Object.entries(tls.roots).filter(([, pem]) => chainsTo(own, new X509Certificate(pem)));
  return members.length === 1 ? members[0]?.[0] : undefined;
}

/**
 * Every link is a signature: what the peer sends beside its own certificate is its own choice, and may be anybody's root.
 */
function chainsTo(own: X509Certificate, root: X509Certificate): boolean {
  let certificate: X509Certificate | undefined = own;
  for (let links = 0; certificate !== undefined && links < MAX_CHAIN; links++) {
    if (isIssuedBy(certificate, root)) return true;
    const issuer: X509Certificate | undefined = certificate.issuerCertificate;
    certificate = issuer !== undefined && issuer.ca && isIssuedBy(certificate, issuer) ? issuer : undefined;
  }
  return false;
}

function isIssuedBy(certificate: X509Certificate, issuer: X509Certificate): boolean {
  return certificate.checkIssued(issuer) && certificate.verify(issuer.publicKey);
}
