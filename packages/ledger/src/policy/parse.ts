import type { Bytes } from '@healthchain/core';
import { LedgerError } from '../error.ts';
import { encodeRolePrincipal } from '../msp/index.ts';
import { WireWriter } from '../wire/index.ts';

const TOKEN =
  /\s*(?:(?<name>[A-Za-z]+)|(?<number>\d+)|'(?<single>[^']*)'|"(?<double>[^"]*)"|(?<mark>[(),]))/y;
const PRINCIPAL = /^(?<mspId>[A-Za-z0-9.-]+)\.(?<role>admin|member|client|peer|orderer)$/;
/** Nesting beyond this is refused rather than recursed into. */
const MAX_DEPTH = 32;

type Gate = 'and' | 'or' | 'outof';
const GATES: Readonly<Record<string, Gate>> = {
  And: 'and',
  and: 'and',
  AND: 'and',
  Or: 'or',
  or: 'or',
  OR: 'or',
  OutOf: 'outof',
  outof: 'outof',
  OUTOF: 'outof',
};

type Term = { readonly principal: string } | { readonly n: number; readonly rules: readonly Term[] };

/**
 * Fabric's policy language: `AND('A.member', OR('B.admin', 'C.peer'))`, `OutOf(2, …)`. Gives the SignaturePolicyEnvelope that
 * Fabric's parser makes, down to the order of its principals: those of inner gates first, none merged.
 * @throws LedgerError POLICY_SYNTAX
 */
export function parsePolicy(text: string): Bytes {
  const tokens = tokenize(text);
  const term = parseTerm(tokens, 0);
  if (tokens.length > 0) throw syntax(`unexpected '${tokens[0]?.text}' after the policy`);
  if ('principal' in term) throw syntax('a policy is a gate, not a single principal');
  const principals: Uint8Array[] = [];
  const rule = encodeRule(term, principals);
  return encodeEnvelope(rule, principals);
}

/** An ApplicationPolicy with a signature policy: the validation parameter of a chaincode definition. */
export function applicationPolicy(text: string): Bytes {
  return new WireWriter().present(1, parsePolicy(text)).finish();
}

/** An ApplicationPolicy that refers to a policy of the channel, e.g. '/Channel/Application/Endorsement'. */
export function channelPolicyReference(path: string): Bytes {
  return new WireWriter().string(2, path).finish();
}

/** A SignaturePolicyEnvelope that `n` of the given principals (MSPPrincipal messages) satisfy. */
export function nOutOfPrincipals(n: number, principals: readonly Uint8Array[]): Bytes {
  return encodeEnvelope(
    encodeNOutOf(
      n,
      principals.map((_, i) => encodeSignedBy(i)),
    ),
    principals,
  );
}

interface Token {
  readonly kind: 'name' | 'number' | 'text' | 'mark';
  readonly text: string;
}

function tokenize(text: string): Token[] {
  const tokens: Token[] = [];
  const source = text.trimEnd();
  const pattern = new RegExp(TOKEN.source, TOKEN.flags);
  while (pattern.lastIndex < source.length) {
    const at = pattern.lastIndex;
    const groups = pattern.exec(source)?.groups;
    if (groups === undefined) throw syntax(`unexpected text at position ${at}`);
    if (groups.name !== undefined) tokens.push({ kind: 'name', text: groups.name });
    else if (groups.number !== undefined) tokens.push({ kind: 'number', text: groups.number });
    else if (groups.mark !== undefined) tokens.push({ kind: 'mark', text: groups.mark });
    else tokens.push({ kind: 'text', text: groups.single ?? groups.double ?? '' });
  }
  return tokens;
}

function parseTerm(tokens: Token[], depth: number): Term {
  if (depth > MAX_DEPTH) throw syntax(`gates nested deeper than ${MAX_DEPTH}`);
  const token = tokens.shift();
  if (token?.kind === 'text') return { principal: token.text };
  const gate = token?.kind === 'name' ? GATES[token.text] : undefined;
  if (gate === undefined)
    throw syntax(`expected a gate or a quoted principal, found '${token?.text ?? 'the end'}'`);
  expectMark(tokens, '(');
  const threshold = gate === 'outof' ? parseThreshold(tokens) : undefined;
  const rules = [parseTerm(tokens, depth + 1)];
  while (takeMark(tokens, ',')) rules.push(parseTerm(tokens, depth + 1));
  expectMark(tokens, ')');
  const n = threshold ?? (gate === 'and' ? rules.length : 1);
  if (n > rules.length + 1) throw syntax(`${n} out of ${rules.length} cannot be satisfied`);
  return { n, rules };
}

function parseThreshold(tokens: Token[]): number {
  const token = tokens.shift();
  if (token === undefined || token.kind === 'mark' || !/^\d{1,6}$/.test(token.text))
    throw syntax('OutOf begins with a number');
  expectMark(tokens, ',');
  return Number(token.text);
}

function takeMark(tokens: Token[], mark: string): boolean {
  if (tokens[0]?.kind !== 'mark' || tokens[0].text !== mark) return false;
  tokens.shift();
  return true;
}

function expectMark(tokens: Token[], mark: string): void {
  if (!takeMark(tokens, mark)) throw syntax(`expected '${mark}', found '${tokens[0]?.text ?? 'the end'}'`);
}

function encodeRule(term: Term, principals: Uint8Array[]): Bytes {
  if ('principal' in term) return encodeSignedBy(addPrincipal(term.principal, principals));
  const inner = term.rules.map((rule) => ('principal' in rule ? undefined : encodeRule(rule, principals)));
  return encodeNOutOf(
    term.n,
    term.rules.map((rule, i) => inner[i] ?? encodeRule(rule, principals)),
  );
}

function addPrincipal(text: string, principals: Uint8Array[]): number {
  const groups = PRINCIPAL.exec(text)?.groups;
  if (groups === undefined) throw syntax(`'${text}' is no principal like 'Org1MSP.member'`);
  const role = groups.role as 'admin' | 'member' | 'client' | 'peer' | 'orderer';
  return principals.push(encodeRolePrincipal(groups.mspId as string, role)) - 1;
}

function encodeSignedBy(index: number): Bytes {
  return new WireWriter().presentUint(1, index).finish();
}

function encodeNOutOf(n: number, rules: readonly Uint8Array[]): Bytes {
  const body = new WireWriter().uint(1, n);
  for (const rule of rules) body.present(2, rule);
  return new WireWriter().present(2, body.finish()).finish();
}

function encodeEnvelope(rule: Uint8Array, principals: readonly Uint8Array[]): Bytes {
  const writer = new WireWriter().present(2, rule);
  for (const principal of principals) writer.present(3, principal);
  return writer.finish();
}

function syntax(what: string): LedgerError {
  return new LedgerError('POLICY_SYNTAX', `Not a policy: ${what}`);
}
