import { concat } from '@healthchain/core';
import { decodePair, decodeSignatureHeader, type ChannelConfig } from '../config/index.ts';
import { verifySignature } from '../crypto/index.ts';
import { LedgerError } from '../error.ts';
import { serializeIdentity } from '../msp/index.ts';
import { evaluateSignedData, type SignatureCheck, type SignedData } from '../policy/index.ts';
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
  let signed: SignedData[];
  try {
    signed = signedData(config, block);
  } catch (cause) {
    throw new LedgerError('BAD_BLOCK', 'the orderers’ signatures cannot be decoded', { cause });
  }
  if (!evaluateSignedData({ identities: config.identities, check }, config.policies.policy(POLICY), signed)) {
    throw new LedgerError('BAD_BLOCK', `the orderers’ signatures do not satisfy ${POLICY}`);
  }
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

function signedData(config: ChannelConfig, block: DecodedBlock): SignedData[] {
  const { value, signatures } = decodeMetadata(block.metadata[METADATA.signatures] ?? new Uint8Array());
  const header = blockHeaderBytes(block.header);
  const isBft = config.capabilities.channel.has('V3_0');
  return signatures.flatMap(({ signatureHeader, identifierHeader, signature }): SignedData[] => {
    if (isBft && signatureHeader.length === 0 && identifierHeader.length > 0) {
      const identity = consenterIdentity(config, identifierHeader);
      return identity === undefined
        ? []
        : [{ data: concat(value, identifierHeader, header), identity, signature }];
    }
    const { creator } = decodeSignatureHeader(signatureHeader);
    return [{ data: concat(value, signatureHeader, header), identity: creator, signature }];
  });
}

/** Serialized identity of the consenter that an IdentifierHeader names; undefined when it is none of the channel. */
function consenterIdentity(config: ChannelConfig, identifierHeader: Uint8Array): Uint8Array | undefined {
  let identifier = 0;
  const reader = new WireReader(identifierHeader);
  while (reader.next()) {
    if (reader.field === 1 && reader.wireType === 0) identifier = reader.uint32();
    else reader.skip();
  }
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
