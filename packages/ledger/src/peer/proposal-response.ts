import { WireWriter } from '../wire/index.ts';
import type { ChaincodeEvent, ChaincodeResponse } from './chaincode.ts';
import type { NamespaceInterest } from './simulator.ts';

/** peer.ProposalResponse, its parts undecoded. */
export interface ProposalResponse {
  readonly response: ChaincodeResponse;
  /** ProposalResponsePayload; absent when the peer, not the chaincode, refused. */
  readonly payload: Uint8Array | undefined;
  readonly endorsement: { readonly endorser: Uint8Array; readonly signature: Uint8Array } | undefined;
  readonly interest: readonly NamespaceInterest[];
}

export interface EndorsedContent {
  readonly proposalHash: Uint8Array;
  readonly results: Uint8Array;
  readonly response: ChaincodeResponse;
  readonly event: ChaincodeEvent | undefined;
  readonly chaincode: { readonly name: string; readonly version: string };
  readonly txId: string;
}

export function encodeResponse(response: ChaincodeResponse): Uint8Array {
  return new WireWriter()
    .uint(1, response.status)
    .string(2, response.message ?? '')
    .bytes(3, response.payload ?? NOTHING)
    .finish();
}

/** peer.ProposalResponse; its version is 1 where there is an endorsement, as Fabric's. */
export function encodeProposalResponse({
  response,
  payload,
  endorsement,
  interest,
}: ProposalResponse): Uint8Array {
  const writer = new WireWriter()
    .uint(1, endorsement === undefined ? 0 : 1)
    .present(4, encodeResponse(response))
    .bytes(5, payload ?? NOTHING);
  if (endorsement !== undefined) writer.present(6, encodeEndorsement(endorsement));
  if (interest.length > 0) writer.present(7, encodeInterest(interest));
  return writer.finish();
}

/** peer.ChaincodeInterest: what a discovery service would be asked for. */
function encodeInterest(interest: readonly NamespaceInterest[]): Uint8Array {
  const writer = new WireWriter();
  for (const { namespace, keyPolicies, needsChaincodePolicy } of interest) {
    const call = new WireWriter().string(1, namespace);
    for (const policy of keyPolicies) call.present(5, policy);
    writer.present(1, call.bool(6, !needsChaincodePolicy).finish());
  }
  return writer.finish();
}

/** What an endorser signs: ProposalResponsePayload with a ChaincodeAction, byte for byte as Fabric's ESCC marshals it. */
export function encodeProposalResponsePayload(content: EndorsedContent): Uint8Array {
  const action = new WireWriter().bytes(1, content.results);
  if (content.event !== undefined) action.bytes(2, encodeEvent(content, content.event));
  action
    .present(3, encodeResponse(content.response))
    .present(
      4,
      new WireWriter().string(2, content.chaincode.name).string(3, content.chaincode.version).finish(),
    );
  return new WireWriter().bytes(1, content.proposalHash).message(2, action).finish();
}

export function encodeEndorsement(endorsement: NonNullable<ProposalResponse['endorsement']>): Uint8Array {
  return new WireWriter().bytes(1, endorsement.endorser).bytes(2, endorsement.signature).finish();
}

/** peer.ChaincodeEvent */
export function encodeEvent(
  origin: { readonly chaincode: { readonly name: string }; readonly txId: string },
  event: ChaincodeEvent,
): Uint8Array {
  return new WireWriter()
    .string(1, origin.chaincode.name)
    .string(2, origin.txId)
    .string(3, event.name)
    .bytes(4, event.payload)
    .finish();
}

const NOTHING = new Uint8Array();
