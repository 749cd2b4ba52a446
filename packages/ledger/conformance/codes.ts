import type { ValidationCode } from '../src/validation/index.ts';

/** How a client of Fabric v3.1.5 brings a validation code about, or why none can. */
export type Provocation = { readonly by: string } | { readonly never: string };

/** Every code of peer.TxValidationCode, by the name of a case that provokes it; the recorded chains hold these and no others. */
export const PROVOCATIONS: Readonly<Record<keyof typeof ValidationCode, Provocation>> = {
  VALID: { by: 'submit commits on every peer and a session reads its own write' },
  NIL_ENVELOPE: { never: 'an element of a block that is no envelope gets INVALID_OTHER_REASON before' },
  BAD_PAYLOAD: { never: 'orderers check the creator’s signature, for which they decode the payload' },
  BAD_COMMON_HEADER: { by: 'a transaction with an epoch is BAD_COMMON_HEADER' },
  BAD_CREATOR_SIGNATURE: {
    never: 'orderers check signature and Writers, again when the configuration has changed before the block',
  },
  INVALID_ENDORSER_TRANSACTION: { by: 'a transaction with two actions is INVALID_ENDORSER_TRANSACTION' },
  INVALID_CONFIG_TRANSACTION: { never: 'orderers make the CONFIG transactions, never without data' },
  UNSUPPORTED_TX_PAYLOAD: { never: 'of its types orderers take CONFIG_UPDATE, and turn it into CONFIG' },
  BAD_PROPOSAL_TXID: { by: 'a transaction with another transaction id is BAD_PROPOSAL_TXID' },
  DUPLICATE_TXID: { by: 'the same signed transaction submitted again does not apply twice' },
  ENDORSEMENT_POLICY_FAILURE: {
    by: 'a transaction endorsed by too few organisations is invalid and changes nothing',
  },
  MVCC_READ_CONFLICT: { by: 'a read overtaken by a write' },
  PHANTOM_READ_CONFLICT: { by: 'a range overtaken by an insertion into it' },
  UNKNOWN_TX_TYPE: { never: 'an unknown type gets BAD_COMMON_HEADER before' },
  TARGET_CHAIN_NOT_FOUND: { never: 'orderers take the channel from the header, so it is the block’s own' },
  MARSHAL_TX_ERROR: { never: 'an envelope that was decoded can be encoded' },
  NIL_TXACTION: { never: 'an envelope without an action gets INVALID_ENDORSER_TRANSACTION before' },
  EXPIRED_CHAINCODE: { never: 'of the lifecycle before _lifecycle' },
  CHAINCODE_VERSION_CONFLICT: { never: 'of the lifecycle before _lifecycle' },
  BAD_HEADER_EXTENSION: { by: 'a transaction with an extension that is no message is BAD_HEADER_EXTENSION' },
  BAD_CHANNEL_HEADER: { never: 'a channel header that cannot be decoded gets BAD_COMMON_HEADER before' },
  BAD_RESPONSE_PAYLOAD: { by: 'a transaction with an action that is no message is BAD_RESPONSE_PAYLOAD' },
  BAD_RWSET: { by: 'a transaction with results that are no message is BAD_RWSET' },
  ILLEGAL_WRITESET: { by: 'a transaction with one namespace twice is ILLEGAL_WRITESET' },
  INVALID_WRITESET: { never: 'LevelDB takes every key and value; CouchDB does not' },
  INVALID_CHAINCODE: { by: 'a transaction with an empty contract version is INVALID_CHAINCODE' },
  NOT_VALIDATED: { never: 'a peer’s own mark before it has decided' },
  INVALID_OTHER_REASON: { by: 'a transaction with no contract in its header is INVALID_OTHER_REASON' },
};
