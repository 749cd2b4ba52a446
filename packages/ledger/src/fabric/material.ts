import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { createAuthority, issueIdentity, issueTls } from '../msp/index.ts';
import type { CertificateAuthority, IssuedIdentity, NodeRole } from '../msp/index.ts';
import { places } from './layout.ts';
import type { FabricOrganisation, Layout, OrdererNode, PeerNode } from './layout.ts';

const VALIDITY_DAYS = 365;
/** Certificates begin a little in the past: the machine's clock may step back. */
const BACKDATE_MS = 5 * 60_000;
const SECRET = { mode: 0o600 } as const;

/** What an organisation signs with; kept in memory only. */
export interface OrganisationMaterial {
  readonly organisation: FabricOrganisation;
  readonly authority: CertificateAuthority;
  readonly tlsAuthority: CertificateAuthority;
  readonly admin: IssuedIdentity;
}

interface Validity {
  readonly notBefore: Date;
  readonly notAfter: Date;
}

function validityFrom(now: Date): Validity {
  return {
    notBefore: new Date(now.getTime() - BACKDATE_MS),
    notAfter: new Date(now.getTime() + VALIDITY_DAYS * 86_400_000),
  };
}

/** Makes every organisation's CAs, administrator and nodes and writes them as Fabric's MSP folders, with NodeOUs. */
export async function writeMaterial(layout: Layout, now: Date): Promise<OrganisationMaterial[]> {
  return Promise.all(
    layout.definition.organisations.map((organisation) => writeOrganisation(layout, organisation, now)),
  );
}

async function writeOrganisation(
  layout: Layout,
  organisation: FabricOrganisation,
  now: Date,
): Promise<OrganisationMaterial> {
  const validity = validityFrom(now);
  const ca = (name: string) =>
    createAuthority({
      commonName: `${name}.${organisation.name}`,
      organization: organisation.name,
      ...validity,
    });
  const [authority, tlsAuthority] = await Promise.all([ca('ca'), ca('tlsca')]);
  const admin = await issueIdentity(authority, { commonName: 'admin', ou: 'admin', ...validity });
  const made = { organisation, authority, tlsAuthority, admin };

  await writeMsp(join(places.organisation(layout, organisation), 'msp'), made);
  await writeMsp(join(places.admin(layout, organisation), 'msp'), made, admin);
  const own = (node: PeerNode | OrdererNode) => node.organisation === organisation;
  await Promise.all([
    ...layout.peers.filter(own).map((node) => writeNode(layout, made, node, 'peer', validity)),
    ...layout.orderers.filter(own).map((node) => writeNode(layout, made, node, 'orderer', validity)),
  ]);
  return made;
}

async function writeNode(
  layout: Layout,
  made: OrganisationMaterial,
  node: PeerNode | OrdererNode,
  ou: NodeRole,
  validity: Validity,
): Promise<void> {
  const folder = places.node(layout, node);
  const hosts = [node.id, 'localhost', '127.0.0.1'];
  const identity = await issueIdentity(made.authority, { commonName: node.id, ou, ...validity });
  const tls = await issueTls(made.tlsAuthority, { commonName: node.id, hosts, ...validity });
  await writeMsp(join(folder, 'msp'), made, identity);
  await writeFiles(join(folder, 'tls'), {
    'server.crt': tls.certificate,
    'ca.crt': made.tlsAuthority.certificate,
  });
  await writeFiles(join(folder, 'tls'), { 'server.key': tls.privateKey }, SECRET);
}

/** PEM certificates of an organisation's CAs. */
interface Roots {
  readonly authority: { readonly certificate: string };
  readonly tlsAuthority: { readonly certificate: string };
}

/** An organisation's MSP folder or, with an identity, a node's or administrator's, as Fabric's programs read it. */
export async function writeMsp(folder: string, roots: Roots, identity?: IssuedIdentity): Promise<void> {
  await writeFiles(folder, {
    'cacerts/ca.pem': roots.authority.certificate,
    'tlscacerts/tlsca.pem': roots.tlsAuthority.certificate,
    'config.yaml': nodeOus(),
  });
  if (identity === undefined) return;
  await writeFiles(folder, { 'signcerts/cert.pem': identity.certificate });
  await writeFiles(folder, { 'keystore/key_sk': identity.privateKey }, SECRET);
}

function nodeOus(): string {
  const ou = (unit: NodeRole) => ({ Certificate: 'cacerts/ca.pem', OrganizationalUnitIdentifier: unit });
  return JSON.stringify({
    NodeOUs: {
      Enable: true,
      ClientOUIdentifier: ou('client'),
      PeerOUIdentifier: ou('peer'),
      AdminOUIdentifier: ou('admin'),
      OrdererOUIdentifier: ou('orderer'),
    },
  });
}

async function writeFiles(
  folder: string,
  files: Readonly<Record<string, string>>,
  options: { mode?: number } = {},
): Promise<void> {
  for (const [name, text] of Object.entries(files)) {
    const path = join(folder, name);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, text, options);
  }
}
