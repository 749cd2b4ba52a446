import { LedgerError } from '../error.ts';
import { decodePrincipal, type Identity, type IdentityManager, type Principal } from '../msp/index.ts';
import { WireReader } from '../wire/index.ts';
import { remembered } from './remembered.ts';
import type { Policy } from './types.ts';

/** A rule over signers: `used[i]` says that signer i has been counted already; a rule that holds may mark more. */
interface Rule {
  holds(signers: readonly Identity[], used: boolean[]): boolean;
  /** One that does not hold may have marked signers all the same. */
  readonly marksInVain: boolean;
}

interface NOutOf {
  readonly n: number;
  readonly rules: readonly Uint8Array[];
}

const MAX_DEPTH = 100;

/**
 * A SignaturePolicyEnvelope, compiled (common/cauthdsl): each signer counts once within a gate, in the order of rules and
 * signers, without backtracking.
 * @throws LedgerError BAD_CONFIG when it cannot be compiled
 */
export function compileSignaturePolicy(envelope: Uint8Array, identities: IdentityManager): Policy {
  const { version, rule: encoded, principals } = decodeEnvelope(envelope);
  if (version !== 0) throw bad(`version ${version} of a signature policy`);
  const rule = compile(encoded, principals, identities, 0);
  return remembered((signers) =>
    rule.holds(
      signers,
      signers.map(() => false),
    ),
  );
}

function compile(
  bytes: Uint8Array | undefined,
  principals: readonly Principal[],
  identities: IdentityManager,
  depth: number,
): Rule {
  if (bytes === undefined || depth > MAX_DEPTH) throw bad('an empty or too deep rule in a signature policy');
  const rule = decodeRule(bytes);
  if (rule === undefined) throw bad('a rule of unknown kind in a signature policy');
  if (typeof rule === 'number') {
    const principal = principals[rule];
    if (principal === undefined) throw bad(`principal ${rule} of ${principals.length} in a signature policy`);
    return signedBy(principal, identities);
  }
  return nOutOf(
    rule.n,
    rule.rules.map((inner) => compile(inner, principals, identities, depth + 1)),
  );
}

function signedBy(principal: Principal, identities: IdentityManager): Rule {
  return {
    marksInVain: false,
    holds(signers, used) {
      const found = signers.findIndex((signer, i) => !used[i] && identities.satisfies(signer, principal));
      if (found < 0) return false;
      used[found] = true;
      return true;
    },
  };
}

function nOutOf(n: number, rules: readonly Rule[]): Rule {
  return {
    marksInVain: true,
    holds(signers, used) {
      let satisfied = 0;
      for (const rule of rules) {
        const before = rule.marksInVain ? used.slice() : used;
        if (rule.holds(signers, used)) satisfied++;
        else if (before !== used) used.splice(0, used.length, ...before);
      }
      return satisfied >= n;
    },
  };
}

function decodeEnvelope(bytes: Uint8Array): {
  version: number;
  rule: Uint8Array | undefined;
  principals: Principal[];
} {
  let version = 0;
  let rule: Uint8Array | undefined;
  const principals: Principal[] = [];
  const reader = new WireReader(bytes);
  while (reader.next()) {
    if (reader.field === 1 && reader.wireType === 0) version = reader.int32();
    else if (reader.field === 2 && reader.wireType === 2) rule = reader.bytes();
    else if (reader.field === 3 && reader.wireType === 2) principals.push(decodePrincipal(reader.bytes()));
    else reader.skip();
  }
  return { version, rule, principals };
}

/** SignedBy as its number, NOutOf as such; of the two the last written counts. */
function decodeRule(bytes: Uint8Array): number | NOutOf | undefined {
  let rule: number | NOutOf | undefined;
  const reader = new WireReader(bytes);
  while (reader.next()) {
    if (reader.field === 1 && reader.wireType === 0) rule = reader.int32();
    else if (reader.field === 2 && reader.wireType === 2) rule = decodeNOutOf(reader.bytes());
    else reader.skip();
  }
  return rule;
}

function decodeNOutOf(bytes: Uint8Array): NOutOf {
  let n = 0;
  const rules: Uint8Array[] = [];
  const reader = new WireReader(bytes);
  while (reader.next()) {
    if (reader.field === 1 && reader.wireType === 0) n = reader.int32();
    else if (reader.field === 2 && reader.wireType === 2) rules.push(reader.bytes());
    else reader.skip();
  }
  return { n, rules };
}

function bad(what: string): LedgerError {
  return new LedgerError('BAD_CONFIG', `Cannot use ${what}`);
}
