import { concat } from '@healthchain/core';
import { decodePair, decodeSignatureHeader, type ChannelConfig } from '../config/index.ts';
import { verifySignature } from '../crypto/index.ts';
import { LedgerError } from '../error.ts';
import { parseSerializedIdentity, serializeIdentity } from '../msp/index.ts';
import { evaluateSignedData, validSigners, type SignatureCheck, type SignedData } from '../policy/index.ts';
import { blockHeaderBytes } from '../validation/index.ts';
import { METADATA, type DecodedBlock } from '../validation/block.ts';
import { WireReader } from '../wire/index.ts';

const POLICY = '/Channel/Orderer/BlockValidation';

/** common.MetadataSignature; a BFT orderer names itself by the number of its consenter instead of a header. */
interface MetadataSignature {
  readonly signatureHeader: Uint8Array;
  readonly signature: Uint8Array;
  readonly identifierHeader: Uint8Array;
}

const checkHere: SignatureCheck = (identity, message, signature) =>
  verifySignature(identity.publicKey, message, signature);

/** One signature that a block carries, and what it is over. */
interface OrdererSignature {
  /** As people are told: 'consenter 2', 'an orderer of NorthMSP'. */
  readonly signer: string;
  /** Serialized identity; undefined when the signature names a consenter that the channel does not have. */
  readonly identity: Uint8Array | undefined;
  readonly data: Uint8Array;
  readonly signature: Uint8Array;
}

/**
 * Whether the block carries the orderer signatures that the configuration before it asks for, in the form of Raft or of BFT
 * orderers (protoutil.BlockSignatureVerifier).
 * @throws LedgerError BAD_BLOCK
 */
export function checkBlockSignatures(
  config: ChannelConfig,
  block: DecodedBlock,
  check: SignatureCheck = checkHere,
): void {
  checkPolicy(config, orderersSignatures(config, block), check);
}

/** Who is named by the signatures of a block: those whose signature holds, in its order, and those whose does not. */
export interface BlockSigners {
  readonly holding: readonly string[];
  readonly rogue: readonly string[];
}

/** The same, and beyond it whether every signature holds, also those that the policy does not need. @throws LedgerError BAD_BLOCK */
export function signersOf(config: ChannelConfig, block: DecodedBlock, check: SignatureCheck): BlockSigners {
  const outcomes = new Map<Uint8Array, boolean>();
  const checkOnce: SignatureCheck = (identity, message, signature) => {
    const outcome = outcomes.get(signature) ?? check(identity, message, signature);
    outcomes.set(signature, outcome);
    return outcome;
  };
  const signatures = orderersSignatures(config, block);
  checkPolicy(config, signatures, checkOnce);
  const context = { identities: config.identities, check: checkOnce };
  const holds = (each: OrdererSignature) => validSigners(context, signedData([each])).length > 0;
  const { holding = [], rogue = [] } = Object.groupBy(signatures, (each) =>
    holds(each) ? 'holding' : 'rogue',
  );
  return { holding: holding.map(({ signer }) => signer), rogue: rogue.map(({ signer }) => signer) };
}

function checkPolicy(
  config: ChannelConfig,
  signatures: readonly OrdererSignature[],
  check: SignatureCheck,
): void {
  const context = { identities: config.identities, check };
  if (!evaluateSignedData(context, config.policies.policy(POLICY), signedData(signatures))) {
    throw new LedgerError('BAD_BLOCK', `the orderers’ signatures do not satisfy ${POLICY}`);
  }
}

function signedData(signatures: readonly OrdererSignature[]): SignedData[] {
  return signatures.flatMap(({ data, identity, signature }) =>
    identity === undefined ? [] : [{ data, identity, signature }],
  );
}

/** Number of the last configuration block as the orderers signed it. @throws LedgerError MALFORMED */
export function lastConfigNumber(block: DecodedBlock): bigint {
  const [value] = decodePair(block.metadata[METADATA.signatures] ?? new Uint8Array());
  const [lastConfig] = decodePair(value);
  const reader = new WireReader(lastConfig);
  let index = 0n;
  while (reader.next()) {
    if (reader.field === 1 && reader.wireType === 0) index = reader.uint64();
    else reader.skip();
  }
  return index;
}

/** @throws LedgerError BAD_BLOCK when they cannot be decoded */
function orderersSignatures(config: ChannelConfig, block: DecodedBlock): OrdererSignature[] {
  const header = blockHeaderBytes(block.header);
  const isBft = config.capabilities.channel.has('V3_0');
  try {
    const { value, signatures } = decodeMetadata(block.metadata[METADATA.signatures] ?? new Uint8Array());
    return signatures.map(({ signatureHeader, identifierHeader, signature }): OrdererSignature => {
      if (isBft && signatureHeader.length === 0 && identifierHeader.length > 0) {
        const id = consenterId(identifierHeader);
        const data = concat(value, identifierHeader, header);
        return { signer: `consenter ${id}`, identity: consenterIdentity(config, id), data, signature };
      }
      const { creator } = decodeSignatureHeader(signatureHeader);
      const { mspId } = parseSerializedIdentity(creator);
      const data = concat(value, signatureHeader, header);
      return { signer: `an orderer of ${mspId}`, identity: creator, data, signature };
    });
  } catch (cause) {
    throw new LedgerError('BAD_BLOCK', 'the orderers’ signatures cannot be decoded', { cause });
  }
}

/** common.IdentifierHeader */
function consenterId(identifierHeader: Uint8Array): number {
  let identifier = 0;
  const reader = new WireReader(identifierHeader);
  while (reader.next()) {
    if (reader.field === 1 && reader.wireType === 0) identifier = reader.uint32();
    else reader.skip();
  }
  return identifier;
}

/** Serialized; undefined when the channel has no such consenter. */
function consenterIdentity(config: ChannelConfig, identifier: number): Uint8Array | undefined {
  const consenter = config.consenters.find(({ id }) => id === identifier);
  return consenter === undefined ? undefined : serializeIdentity(consenter.mspId, consenter.identity);
}

/** common.Metadata */
function decodeMetadata(bytes: Uint8Array): { value: Uint8Array; signatures: MetadataSignature[] } {
  let value: Uint8Array = new Uint8Array();
  const signatures: MetadataSignature[] = [];
  const reader = new WireReader(bytes);
  while (reader.next()) {
    if (reader.field === 1 && reader.wireType === 2) value = reader.bytes();
    else if (reader.field === 2 && reader.wireType === 2) signatures.push(decodeSignature(reader.bytes()));
    else reader.skip();
  }
  return { value, signatures };
}

function decodeSignature(bytes: Uint8Array): MetadataSignature {
  const nothing = new Uint8Array();
  const found: [Uint8Array, Uint8Array, Uint8Array] = [nothing, nothing, nothing];
  const reader = new WireReader(bytes);
  while (reader.next()) {
    if (reader.wireType === 2 && reader.field <= 3) found[reader.field - 1] = reader.bytes();
    else reader.skip();
  }
  return { signatureHeader: found[0], signature: found[1], identifierHeader: found[2] };
}
