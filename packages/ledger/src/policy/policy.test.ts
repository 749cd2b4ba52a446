import { toHex, utf8 } from '@healthchain/core';
import { common, msp } from '@hyperledger/fabric-protos';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { encodeRolePrincipal, type Identity, type IdentityManager, type Principal } from '../msp/index.ts';
import { WireWriter } from '../wire/index.ts';
import {
  compileApplicationPolicy,
  compileSignaturePolicy,
  createPolicyManager,
  applicationPolicy,
  channelPolicyReference,
  nOutOfPrincipals,
  parsePolicy,
  validSigners,
  type PolicyGroup,
} from './index.ts';

const identities: IdentityManager = {
  mspIds: [],
  deserialize: (serialized) => identity(Buffer.from(serialized).toString()),
  validate: () => undefined,
  satisfies: ({ mspId, commonName }, principal: Principal) =>
    principal.kind === 'role' &&
    principal.mspId === mspId &&
    (principal.role === 'member' || principal.role === commonName),
};

/** 'A.peer' or 'A.peer#2': one identity per text. */
function identity(text: string): Identity {
  const [name = '', role = ''] = (text.split('#')[0] ?? '').split('.');
  return { mspId: name, commonName: role, id: text } as Identity;
}

const satisfied = (policy: string, ...signers: readonly string[]) =>
  compileSignaturePolicy(parsePolicy(policy), identities).satisfiedBy(signers.map(identity));

describe('the policy language', () => {
  test.each([
    ["AND('A.peer','B.peer')", ['A.peer', 'B.peer'], true],
    ["AND('A.peer','B.peer')", ['A.peer'], false],
    ["OR('A.peer', 'B.peer')", ['B.peer'], true],
    ["OutOf(2,'A.peer','B.peer','C.peer')", ['C.peer', 'A.peer'], true],
    ["OutOf(2,'A.peer','B.peer','C.peer')", ['C.peer', 'C.peer#2'], false],
    ["OutOf(2,'A.member','A.member')", ['A.peer'], false],
    ["OutOf(2,'A.member','A.member')", ['A.peer', 'A.peer#2'], true],
    ["AND('A.member', OR('A.admin','B.admin'))", ['A.admin'], false],
    ["AND('A.admin', 'A.member')", ['A.admin', 'A.peer'], true],
    ["OutOf(0,'A.peer')", [], true],
    ["OutOf(2,'A.peer')", ['A.peer'], false],
  ])('%s by %j is %s', (policy, signers, outcome) => {
    expect(satisfied(policy, ...signers)).toBe(outcome);
  });

  test('the first rule takes a signer that a later rule needs: no backtracking', () => {
    expect(satisfied("AND('A.member','A.admin')", 'A.admin', 'A.peer')).toBe(false);
    expect(satisfied("AND('A.member','A.admin')", 'A.peer', 'A.admin')).toBe(true);
  });

  test('principals of inner gates come first, none merged', () => {
    const envelope = common.SignaturePolicyEnvelope.deserializeBinary(
      parsePolicy("AND('A.member', OR('B.admin','A.member'))"),
    );
    const names = envelope.getIdentitiesList().map((principal) => {
      const role = msp.MSPRole.deserializeBinary(principal.getPrincipal_asU8());
      return `${role.getMspIdentifier()}.${role.getRole()}`;
    });
    expect(names).toEqual(['B.1', 'A.0', 'A.0']);
    expect(toHex(envelope.serializeBinary())).toBe(
      toHex(parsePolicy("AND('A.member', OR('B.admin','A.member'))")),
    );
  });

  test.each([
    '',
    "'A.peer'",
    "AND('A.peer'",
    "AND('A.peer') extra",
    'OR()',
    "XOR('A.peer')",
    "OR('A')",
    "OR('A.king')",
    "OutOf('A.peer')",
    "OutOf(3,'A.peer')",
    'OR(A.peer)',
  ])('%s is refused', (policy) => {
    expect(() => parsePolicy(policy)).toThrowError(expect.objectContaining({ code: 'POLICY_SYNTAX' }));
  });

  test('whatever is parsed compiles', () => {
    const { policy } = fc.letrec<{ policy: string; term: string }>((tie) => ({
      policy: fc
        .tuple(fc.constantFrom('AND', 'Or'), fc.array(tie('term'), { minLength: 1, maxLength: 4 }))
        .map(([gate, terms]) => `${gate}(${terms.join(' , ')})`),
      term: fc.oneof({ maxDepth: 4 }, fc.constantFrom("'A.peer'", "'B.admin'", '"C.member"'), tie('policy')),
    }));
    fc.assert(
      fc.property(policy, (text) => {
        expect(satisfied(text)).toBe(false);
      }),
    );
  });
});

describe('policies of a channel', () => {
  const signature = (text: string) => ({ type: 1, value: parsePolicy(text) });
  const implicit = (rule: number, name: string) => ({
    type: 3,
    value: new WireWriter().string(1, name).uint(2, rule).finish(),
  });
  const group = (
    policies: Record<string, { type: number; value: Uint8Array }>,
    groups: Record<string, PolicyGroup> = {},
  ): PolicyGroup => ({
    policies: new Map(Object.entries(policies)),
    groups: new Map(Object.entries(groups)),
  });
  const organisation = (name: string) =>
    group({ Writers: signature(`OR('${name}.member')`), Admins: signature(`OR('${name}.admin')`) });
  const manager = createPolicyManager(
    'Channel',
    group(
      { Writers: implicit(0, 'Writers') },
      {
        Application: group(
          {
            Writers: implicit(0, 'Writers'),
            Admins: implicit(2, 'Admins'),
            All: implicit(1, 'Admins'),
            None: implicit(0, 'Missing'),
          },
          { A: organisation('A'), B: organisation('B'), C: organisation('C') },
        ),
      },
    ),
    identities,
  );
  const holds = (path: string, ...signers: readonly string[]) =>
    manager.policy(path).satisfiedBy(signers.map(identity));

  test.each([
    ['/Channel/Application/Writers', ['B.peer'], true],
    ['/Channel/Writers', ['B.peer'], true],
    ['Application/Writers', ['B.peer'], true],
    ['/Channel/Application/A/Writers', ['B.peer'], false],
    ['/Channel/Application/Admins', ['A.admin'], false],
    ['/Channel/Application/Admins', ['A.admin', 'A.admin#2'], false],
    ['/Channel/Application/Admins', ['A.admin', 'C.admin'], true],
    ['/Channel/Application/All', ['A.admin', 'C.admin'], false],
    ['/Channel/Application/None', ['A.admin', 'B.admin', 'C.admin'], false],
    ['/Channel/Nothing', ['A.admin'], false],
    ['', ['A.admin'], false],
  ])('%s by %j is %s', (path, signers, outcome) => {
    expect(holds(path, ...signers)).toBe(outcome);
  });

  test('an application policy is a signature policy or a reference', () => {
    const compiled = (bytes: Uint8Array) =>
      compileApplicationPolicy(bytes, identities, manager)?.satisfiedBy([identity('A.peer')]);
    expect(compiled(applicationPolicy("OR('A.peer')"))).toBe(true);
    expect(compiled(channelPolicyReference('/Channel/Application/Writers'))).toBe(true);
    expect(compiled(channelPolicyReference('/Channel/Application/Nothing'))).toBeUndefined();
    expect(compiled(utf8('junk'))).toBeUndefined();
    expect(compiled(new Uint8Array())).toBeUndefined();
  });

  test('n of principals', () => {
    const envelope = common.SignaturePolicyEnvelope.deserializeBinary(
      nOutOfPrincipals(3, [encodeRolePrincipal('A', 'peer'), encodeRolePrincipal('B', 'peer')]),
    );
    expect(envelope.getRule()?.getNOutOf()?.toObject()).toMatchObject({
      n: 3,
      rulesList: [{ signedBy: 0 }, { signedBy: 1 }],
    });
  });
});

test('a signer counts once, and only with a signature that holds', () => {
  const checked: string[] = [];
  const context = {
    identities,
    check: ({ id }: Identity, _message: Uint8Array, signature: Uint8Array) => {
      checked.push(id);
      return signature.length > 0;
    },
  };
  const signed = (name: string, good = true) => ({
    data: utf8('d'),
    identity: utf8(name),
    signature: utf8(good ? 's' : ''),
  });
  const signers = validSigners(context, [
    signed('A.peer', false),
    signed('A.peer'),
    signed('A.peer'),
    signed('B.peer'),
  ]);
  expect(signers.map(({ id }) => id)).toEqual(['A.peer', 'B.peer']);
  expect(checked).toEqual(['A.peer', 'A.peer', 'B.peer']);
});
