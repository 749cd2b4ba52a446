import { WireWriter } from '../wire/index.ts';
import { checkAccess } from '../peer/index.ts';
import { reasonOf, type CallContext } from './call.ts';
import { ledgerOf, type GatewayNetwork } from './network.ts';
import { decodeCommitStatusRequest, decodeSignedRequest } from './requests.ts';
import { Code, RpcError } from './status.ts';

/** Fabric's Gateway.CommitStatus: waits until the gateway's own peer has the transaction on disk. */
export async function commitStatus(
  network: GatewayNetwork,
  context: CallContext,
  bytes: Uint8Array,
): Promise<Uint8Array> {
  const { request, signature } = decodeSignedRequest(bytes);
  if (request.length === 0) throw new RpcError(Code.INVALID_ARGUMENT, 'a commit status request is required');
  const { txId, channelId, identity } = decodeCommitStatusRequest(request);
  if (identity === undefined) throw new RpcError(Code.INVALID_ARGUMENT, 'no identity provided');
  if (channelId === '') throw new RpcError(Code.INVALID_ARGUMENT, 'no channel ID provided');
  if (txId === '') throw new RpcError(Code.INVALID_ARGUMENT, 'transaction ID should not be empty');
  await mustHaveAccess(network, channelId, 'gateway/CommitStatus', { data: request, identity, signature });
  const place = await waitFor(network, context, channelId, txId);
  context.session.note(channelId, place.block + 1);
  return new WireWriter().uint(1, place.code).uint(2, place.block).finish();
}

/** @throws RpcError PERMISSION_DENIED */
export async function mustHaveAccess(
  network: GatewayNetwork,
  channelId: string,
  resource: string,
  signed: { readonly data: Uint8Array; readonly identity: Uint8Array; readonly signature: Uint8Array },
): Promise<void> {
  const ledger = ledgerOf(network, channelId);
  const denied =
    ledger === undefined
      ? `failed to get policy manager for channel [${channelId}]`
      : await checkAccess(
          { config: ledger.config, verifier: network.verifier, mspId: network.mspId },
          resource,
          signed,
        );
  if (denied !== undefined) throw new RpcError(Code.PERMISSION_DENIED, denied);
}

async function waitFor(network: GatewayNetwork, context: CallContext, channelId: string, txId: string) {
  const { ending } = context;
  while (!ending.hasCome) {
    const ledger = ledgerOf(network, channelId);
    if (ledger === undefined) throw new RpcError(Code.UNAVAILABLE, 'no peer of the channel is running');
    const place = await ledger.placed(txId, ending);
    if (place !== undefined) return place;
  }
  throw reasonOf(ending);
}
