import { hash } from 'node:crypto';
import { sha256, toHex } from '@healthchain/core';
import { applyConfigEnvelope, proposeConfigUpdate, type ChannelConfig } from '../config/index.ts';
import type { Verifier } from '../crypto/index.ts';
import { LedgerError } from '../error.ts';
import type { Identity } from '../msp/index.ts';
import { isSatisfiedBySigner } from '../policy/index.ts';
import type { ParsedTransaction } from '../validation/index.ts';
import { fields } from '../wire/index.ts';
import { mustBeOrderable } from './consenters.ts';
import { HeaderType, signedEnvelope, type SigningIdentity } from './envelope.ts';
import { parsedOnce } from './parsed.ts';
import type { OrderRequest } from './pool.ts';

/** common.Status, as far as orderers and deliver services answer it. */
export const Status = {
  SUCCESS: 200,
  BAD_REQUEST: 400,
  FORBIDDEN: 403,
  NOT_FOUND: 404,
  INTERNAL_SERVER_ERROR: 500,
  SERVICE_UNAVAILABLE: 503,
} as const;

export interface Refusal {
  readonly status: number;
  readonly info: string;
}

export interface AdmissionContext {
  readonly config: ChannelConfig;
  readonly verifier: Verifier;
  /** The orderer's own clock; undefined where expiry does not count (a block that others proposed). */
  readonly at: Date | undefined;
}

/** common.HeaderType of the system channel, which Fabric 3 does not have any more. */
const ORDERER_TRANSACTION = 4;

/** What Fabric's standard channel checks of a message before it may be ordered: emptiness, size, expiry, Writers. */
export async function admit(
  context: AdmissionContext,
  envelope: Uint8Array,
): Promise<OrderRequest | Refusal> {
  const parsed = parsedOnce(envelope);
  const refusal = checkForm(context.config, parsed) ?? (await checkSigner(context, parsed));
  if (refusal !== undefined) return refusal;
  if (parsed.type !== HeaderType.config) {
    return { key: requestKey(envelope), envelope, size: sizeOf(parsed), isConfig: false };
  }
  try {
    const check = checkWith(context.verifier);
    mustBeOrderable(applyConfigEnvelope(context.config, parsed.data, { check }));
  } catch (error) {
    return refusalOf(error);
  }
  const key = configKey(parsed.data);
  return { key, envelope, size: sizeOf(parsed), isConfig: true };
}

/** A CONFIG_UPDATE, authorised and wrapped into the CONFIG transaction that this orderer signs. */
export async function admitConfigUpdate(
  context: AdmissionContext & { readonly at: Date },
  signer: SigningIdentity,
  envelope: Uint8Array,
): Promise<OrderRequest | Refusal> {
  const parsed = parsedOnce(envelope);
  const refusal = checkForm(context.config, parsed) ?? (await checkSigner(context, parsed));
  if (refusal !== undefined) return refusal;
  try {
    const check = checkWith(context.verifier);
    const configEnvelope = proposeConfigUpdate(context.config, envelope, { check });
    const header = { type: HeaderType.config, channelId: context.config.channelId, at: context.at };
    return await admit(context, signedEnvelope(signer, header, configEnvelope));
  } catch (error) {
    const { channelId } = context.config;
    return refusalOf(error, `error applying config update to existing channel '${channelId}': `);
  }
}

export function isRefusal(result: OrderRequest | Refusal): result is Refusal {
  return 'status' in result;
}

const keys = new WeakMap<Uint8Array, string>();

/** One request of a key waits or stands in a block at a time: the same payload, or the same configuration update. */
export function requestKey(envelope: Uint8Array): string {
  let key = keys.get(envelope);
  if (key === undefined) {
    const parsed = parsedOnce(envelope);
    key =
      parsed.type === HeaderType.config ? configKey(parsed.data) : hash('sha256', parsed.payload, 'base64');
    keys.set(envelope, key);
  }
  return key;
}

function checkForm(config: ChannelConfig, parsed: ParsedTransaction): Refusal | undefined {
  if (parsed.payload.length === 0) return bad('message payload is empty');
  const size = sizeOf(parsed);
  if (size > config.batch.absoluteMaxBytes) {
    const limit = config.batch.absoluteMaxBytes;
    return bad(`message payload is ${size} bytes and exceeds maximum allowed ${limit} bytes`);
  }
  if (parsed.channelId !== config.channelId) return bad(`channel ${parsed.channelId} is not ordered here`);
  return parsed.type === ORDERER_TRANSACTION ? bad('orderer transactions are not supported') : undefined;
}

async function checkSigner(
  context: AdmissionContext,
  parsed: ParsedTransaction,
): Promise<Refusal | undefined> {
  const { config, verifier, at } = context;
  let identity: Identity;
  try {
    identity = config.identities.deserialize(parsed.creator);
  } catch (error) {
    return { status: Status.FORBIDDEN, info: `permission denied: ${messageOf(error)}` };
  }
  if (at !== undefined && at > identity.notAfter) return bad('broadcast client identity expired');
  const job = { publicKey: identity.publicKey, message: parsed.payload, signature: parsed.signature };
  const [holds] = await verifier.verifyAll([job]);
  const isWriter = isSatisfiedBySigner(config.policies.policy('/Channel/Writers'), identity, holds === true);
  const info =
    "implicit policy evaluation failed - 0 sub-policies were satisfied, but this policy requires 1 of the 'Writers' sub-policies to be satisfied: permission denied";
  return isWriter ? undefined : { status: Status.FORBIDDEN, info };
}

function checkWith(verifier: Verifier) {
  return (identity: Identity, message: Uint8Array, signature: Uint8Array) =>
    verifier.verify({ publicKey: identity.publicKey, message, signature });
}

/** By its last update: every orderer wraps the same update into an envelope of its own. */
function configKey(configEnvelope: Uint8Array): string {
  return `config:${toHex(sha256(fields(configEnvelope).bytes(2)))}`;
}

function sizeOf(parsed: ParsedTransaction): number {
  return parsed.payload.length + parsed.signature.length;
}

function bad(info: string): Refusal {
  return { status: Status.BAD_REQUEST, info };
}

function refusalOf(error: unknown, prefix = ''): Refusal {
  if (error instanceof LedgerError) return bad(prefix + error.message);
  throw error;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
