import { encodeEnvelope, parsedOnce, quorumOf, Status } from '../ordering/index.ts';
import { jobsOf } from '../validation/index.ts';
import type { CallContext } from './call.ts';
import { whileOpen } from './call.ts';
import {
  isOwnChannel,
  ledgerOf,
  type GatewayNetwork,
  type OrdererAnswer,
  type OrdererEndpoint,
} from './network.ts';
import { decodeSubmitRequest } from './requests.ts';
import { Code, RpcError, type ErrorDetail } from './status.ts';

/** Fabric's peer.gateway.broadcastTimeout, as `fabric.md` advises it. */
const BROADCAST_TIMEOUT_MS = 2000;
const ALREADY_THERE = 'failed to submit request: request already exists';

/** Fabric's Gateway.Submit with BFT ordering: to all orderers; a quorum of them has to take it. */
export async function submit(
  network: GatewayNetwork,
  context: CallContext,
  bytes: Uint8Array,
): Promise<Uint8Array> {
  const { channelId, envelope } = decodeSubmitRequest(bytes);
  if (envelope === undefined) throw new RpcError(Code.INVALID_ARGUMENT, 'a prepared transaction is required');
  if (envelope.signature.length === 0) {
    throw new RpcError(Code.INVALID_ARGUMENT, 'prepared transaction must be signed');
  }
  const orderers = isOwnChannel(network, channelId) ? network.orderers(channelId) : [];
  if (orderers.length === 0) {
    throw new RpcError(Code.FAILED_PRECONDITION, `failed to get config for channel [${channelId}]`);
  }
  // One array of bytes for all orderers, so that it is decoded once.
  const encoded = encodeEnvelope(envelope.payload, envelope.signature);
  await whileOpen(context, broadcastToQuorum(orderers, channelId, encoded));
  foreseeSignatures(network, channelId, encoded);
  return new Uint8Array();
}

/** What the orderers have taken the peers are about to validate: its signatures can be decided while it is ordered. */
function foreseeSignatures(network: GatewayNetwork, channelId: string, envelope: Uint8Array): void {
  const ledger = ledgerOf(network, channelId);
  if (ledger !== undefined) network.verifier.foresee?.(jobsOf(ledger.config, parsedOnce(envelope)));
}

function broadcastToQuorum(
  orderers: readonly OrdererEndpoint[],
  channelId: string,
  envelope: Uint8Array,
): Promise<void> {
  const quorum = quorumOf(orderers.length);
  const details: ErrorDetail[] = [];
  let successes = 0;
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      reject(new RpcError(Code.UNAVAILABLE, INSUFFICIENT, details));
    }, BROADCAST_TIMEOUT_MS);
    const decide = () => {
      const isDecided = successes >= quorum || details.length > orderers.length - quorum;
      if (!isDecided) return;
      clearTimeout(timer);
      if (successes >= quorum) resolve();
      else reject(new RpcError(Code.UNAVAILABLE, INSUFFICIENT, details));
    };
    for (const { address, mspId, broadcast } of orderers) {
      const refuse = (message: string) => {
        details.push({ address, mspId, message });
        decide();
      };
      broadcast(channelId, envelope).then(
        (answer) => {
          if (!hasTaken(answer)) return refuse(refusalOf(answer));
          successes += 1;
          decide();
        },
        (error: unknown) => refuse(error instanceof Error ? error.message : String(error)),
      );
    }
  });
}

/** The orderer has the transaction, from this request or from an earlier one. */
function hasTaken({ status, info }: OrdererAnswer): boolean {
  return status === Status.SUCCESS || info === ALREADY_THERE;
}

function refusalOf({ status, info }: OrdererAnswer): string {
  return `received unsuccessful response from orderer: status=${statusName(status)}, info=${info}`;
}

const INSUFFICIENT =
  'insufficient number of orderers could successfully process transaction to satisfy quorum requirement';

function statusName(status: number): string {
  return Object.entries(Status).find(([, value]) => value === status)?.[0] ?? String(status);
}
