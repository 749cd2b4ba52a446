import { common, msp } from '@hyperledger/fabric-protos';

/** A key's endorsement policy that every one of the organisations' peers must endorse, as the stub takes it, in base64. */
export function allPeersOf(...mspIds: readonly string[]): string {
  const rule = new common.SignaturePolicy();
  const all = new common.SignaturePolicy.NOutOf();
  all.setN(mspIds.length);
  all.setRulesList(
    mspIds.map((_, index) => {
      const signedBy = new common.SignaturePolicy();
      signedBy.setSignedBy(index);
      return signedBy;
    }),
  );
  rule.setNOutOf(all);
  const envelope = new common.SignaturePolicyEnvelope();
  envelope.setVersion(0);
  envelope.setRule(rule);
  envelope.setIdentitiesList(mspIds.map(peerPrincipal));
  return Buffer.from(envelope.serializeBinary()).toString('base64');
}

function peerPrincipal(mspId: string): msp.MSPPrincipal {
  const role = new msp.MSPRole();
  role.setMspIdentifier(mspId);
  role.setRole(msp.MSPRole.MSPRoleType.PEER);
  const principal = new msp.MSPPrincipal();
  principal.setPrincipalClassification(msp.MSPPrincipal.Classification.ROLE);
  principal.setPrincipal(role.serializeBinary());
  return principal;
}
