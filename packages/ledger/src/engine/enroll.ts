import { issueIdentity, type NodeRole } from '../msp/index.ts';
import type { KeyPair } from './keys.ts';
import { openNetwork } from './network.ts';

const DEFAULT_DAYS = 365;
const DAY_MS = 24 * 60 * 60 * 1000;
const BACKDATE_MS = 5 * 60 * 1000;

export interface EnrollOptions {
  readonly directory: string;
  readonly mspId: string;
  readonly ou: Extract<NodeRole, 'client' | 'admin'>;
  /** Appears in every transaction of the person: a random user id, never a name. */
  readonly commonName: string;
  /** Become Fabric CA's attribute extension, which contracts read. */
  readonly attributes: Readonly<Record<string, string>>;
  readonly notAfter?: Date;
  readonly now?: Date;
}

/** Issues a certificate of an organisation's CA. The key is made here and kept by the caller alone. */
export async function enroll(options: EnrollOptions): Promise<KeyPair> {
  const { directory, mspId, ou, commonName, attributes } = options;
  const now = options.now ?? new Date();
  return issueIdentity(openNetwork(directory).authority(mspId), {
    commonName,
    ou,
    attributes,
    notBefore: new Date(now.getTime() - BACKDATE_MS),
    notAfter: options.notAfter ?? new Date(now.getTime() + DEFAULT_DAYS * DAY_MS),
  });
}
