import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Consenter, GenesisOrganisation } from '../config/index.ts';
import {
  createAuthority,
  encodeMspConfig,
  issueIdentity,
  issueTls,
  type CertificateAuthority,
} from '../msp/index.ts';
import type { OrganisationDefinition } from './definition.ts';
import { readKeyPair, writeKeyPair, type KeyPair } from './keys.ts';
import { addressOf, layout, nodesOf, ORDERER_PORT, PEER_PORT, type NodeName } from './layout.ts';

const AUTHORITY_YEARS = 15;
const NODE_YEARS = 10;
/** Certificates begin a little before they are made, for clocks that differ. */
const BACKDATE_MS = 5 * 60 * 1000;

/** Names of key pairs in an organisation's folder. */
export const KEYS = { ca: 'ca', tlsCa: 'tlsca', admin: 'admin', tls: 'tls' } as const;

/** Makes the CAs and key pairs of an organisation and its nodes, as far as its folder lacks them. */
export async function makeKeys(
  directory: string,
  organisation: OrganisationDefinition,
  now: Date,
): Promise<void> {
  const folder = layout.organisation(directory, organisation.name);
  const { domain } = organisation;
  const notBefore = new Date(now.getTime() - BACKDATE_MS);
  const ofAuthority = { organization: domain, notBefore, notAfter: yearsAfter(now, AUTHORITY_YEARS) };
  const validity = { notBefore, notAfter: yearsAfter(now, NODE_YEARS) };
  const ca = await kept(folder, KEYS.ca, () =>
    createAuthority({ commonName: `ca.${domain}`, ...ofAuthority }),
  );
  const tlsCa = await kept(folder, KEYS.tlsCa, () =>
    createAuthority({ commonName: `tlsca.${domain}`, ...ofAuthority }),
  );
  await kept(folder, KEYS.admin, () =>
    issueIdentity(ca, { commonName: `Admin@${domain}`, ou: 'admin', ...validity }),
  );
  const hosts = [domain, `${organisation.name}.localhost`, 'localhost', '127.0.0.1'];
  await kept(folder, KEYS.tls, () => issueTls(tlsCa, { commonName: domain, hosts, ...validity }));
  for (const node of nodesOf(organisation)) await makeNodeKeys(folder, { ca, tlsCa }, node, validity);
}

/** The organisation as channel configurations carry it, in the name of its MSP. */
export function configurationOf(
  directory: string,
  organisation: OrganisationDefinition,
): GenesisOrganisation {
  const { name, mspId } = organisation;
  const folder = layout.organisation(directory, name);
  const nodes = nodesOf(organisation);
  return {
    name: mspId,
    mspId,
    mspConfig: encodeMspConfig({
      mspId,
      rootCerts: [readKeyPair(folder, KEYS.ca).certificate],
      tlsRootCerts: [readKeyPair(folder, KEYS.tlsCa).certificate],
    }),
    anchorPeers: nodes.filter(({ kind }) => kind === 'peer').map(({ host }) => ({ host, port: PEER_PORT })),
    ordererEndpoints: nodes.filter(({ kind }) => kind === 'orderer').map(addressOf),
  };
}

export function consenterOf(directory: string, node: NodeName, id: number): Consenter {
  const folder = layout.organisation(directory, node.organisation);
  const tls = readKeyPair(folder, `${node.id}.tls`).certificate;
  return {
    id,
    mspId: node.mspId,
    host: node.host,
    port: ORDERER_PORT,
    identity: readKeyPair(folder, node.id).certificate,
    clientTlsCert: tls,
    serverTlsCert: tls,
  };
}

async function makeNodeKeys(
  folder: string,
  authorities: { readonly ca: CertificateAuthority; readonly tlsCa: CertificateAuthority },
  node: NodeName,
  validity: { readonly notBefore: Date; readonly notAfter: Date },
): Promise<void> {
  const { id, kind, host } = node;
  await kept(folder, id, () => issueIdentity(authorities.ca, { commonName: host, ou: kind, ...validity }));
  const hosts = [host, 'localhost', '127.0.0.1'];
  await kept(folder, `${id}.tls`, () =>
    issueTls(authorities.tlsCa, { commonName: host, hosts, ...validity }),
  );
}

async function kept(folder: string, name: string, make: () => Promise<KeyPair>): Promise<KeyPair> {
  if (existsSync(join(folder, `${name}.pem`))) return readKeyPair(folder, name);
  const pair = await make();
  await writeKeyPair(folder, name, pair);
  return pair;
}

function yearsAfter(now: Date, years: number): Date {
  const later = new Date(now);
  later.setUTCFullYear(later.getUTCFullYear() + years);
  return later;
}
