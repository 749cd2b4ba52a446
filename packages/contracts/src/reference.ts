import { ROLES } from '@healthchain/core';
import { z } from 'zod';
import type { FunctionDefinition } from './functions/define.ts';
import { BASE_POLICY, ROLE_RULES } from './gate/base-policy.ts';
import { FUNCTION_NAMES, registry } from './registry.ts';

/** The reference page of the chaincode in Markdown: every function and the base policy, as the tables have them. */
export function reference(): string {
  const functions = FUNCTION_NAMES.map((name) => functionSection(name, registry[name]));
  return [
    '# Contract functions',
    '',
    'Generated from the registry of `packages/contracts`; do not edit. A call is `[ "namespace:Function", <JSON argument> ]` of',
    'the chaincode `health`; a refusal is `CODE: text`. Every function can also answer with the codes of the caller’s standing:',
    'UNKNOWN_FUNCTION, INVALID_ARGUMENT, INVALID_TRANSIENT, BAD_CERTIFICATE, NOT_FOUNDED, NOT_A_MEMBER, ORGANISATION_SUSPENDED,',
    'USER_SUSPENDED, ROLE_NOT_OF_ORGANISATION, ROLE_NOT_PERMITTED, KIND_NOT_PERMITTED.',
    '',
    ...functions.flat(),
    ...basePolicySection(),
  ].join('\n');
}

function functionSection(name: string, definition: FunctionDefinition): string[] {
  const everyone = definition.roles.length === ROLES.length;
  const facts: readonly [string, string | undefined][] = [
    ['Callers', everyone ? 'every role' : definition.roles.join(', ')],
    ['Of organisations', definition.kinds?.join(', ')],
    [
      'Argument',
      `\`${typeText(z.toJSONSchema(definition.argument, { io: 'input', unrepresentable: 'any' }))}\``,
    ],
    ['Transient', definition.transient],
    ['Reads', definition.reads],
    ['Event', definition.event],
    ['Refuses with', definition.errors.join(', ') || undefined],
  ];
  return [
    `## ${name}`,
    '',
    `A ${definition.kind}. ${definition.summary}`,
    '',
    ...facts.flatMap(([label, text]) => (text === undefined ? [] : [`- **${label}**: ${text}`])),
    '',
  ];
}

function basePolicySection(): string[] {
  const roles = ROLES.map((role) => {
    const { purposes, refused, emergency } = ROLE_RULES[role];
    return `| ${role} | ${purposes.join(', ')} | ${refused ?? ''} | ${emergency === true ? 'yes' : ''} |`;
  });
  const rows = BASE_POLICY.map(
    ({ roles, rights, categories, types, labels, purposes }) =>
      `| ${roles.join(', ')} | ${rights.join(', ')} | ${listText(categories)} | ${types?.join(', ') ?? ''} | ${labels.join(', ')} | ${purposes.join(', ')} |`,
  );
  return [
    '## Base policy',
    '',
    'What needs no grant: records of the own organisation about persons with a relation to it.',
    '',
    '| role | rights | categories | only these types | labels | purposes |',
    '|---|---|---|---|---|---|',
    ...rows,
    '',
    '| role | purposes it may claim | identified content refused with | break-glass |',
    '|---|---|---|---|',
    ...roles,
    '',
  ];
}

function listText(values: '*' | readonly string[]): string {
  return values === '*' ? 'all' : values.join(', ');
}

/** The part of JSON Schema that the argument schemas come to. */
interface Schema {
  readonly type?: string;
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly anyOf?: readonly Schema[];
  readonly oneOf?: readonly Schema[];
  readonly items?: Schema;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
}

function typeText(schema: unknown): string {
  const { type, const: literal, enum: values, anyOf, oneOf, items, properties, required } = schema as Schema;
  if (literal !== undefined) return JSON.stringify(literal);
  if (values !== undefined) return values.map((value) => JSON.stringify(value)).join(' | ');
  const alternatives = anyOf ?? oneOf;
  if (alternatives !== undefined) return alternatives.map(typeText).join(' | ');
  if (items !== undefined) return `[${typeText(items)}, …]`;
  if (properties === undefined) return type ?? 'any';
  const members = Object.entries(properties).map(
    ([name, member]) => `${name}${required?.includes(name) === true ? '' : '?'}: ${typeText(member)}`,
  );
  return members.length === 0 ? '{}' : `{ ${members.join(', ')} }`;
}
