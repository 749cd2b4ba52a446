import { LedgerError } from '../error.ts';
import { KEY } from './values.ts';
import type { ConfigGroup, ConfigPolicy, ConfigValue } from './tree.ts';

/** An element of a configuration tree with the path of the group that holds it. */
export type Element = { readonly path: readonly string[]; readonly key: string } & (
  | { readonly kind: 'group'; readonly node: ConfigGroup }
  | { readonly kind: 'value'; readonly node: ConfigValue }
  | { readonly kind: 'policy'; readonly node: ConfigPolicy }
);

export type FlatConfig = ReadonlyMap<string, Element>;

const NAME = /^[a-zA-Z0-9.-]{1,249}$/;
/** How Fabric names elements in its refusals. */
const PREFIX = { group: '[Group]  ', value: '[Value]  ', policy: '[Policy] ' } as const;
const UNSET_MOD_POLICY = 'Admins';

/** @throws LedgerError CONFIG_REFUSED for a name that Fabric refuses */
export function flatten(root: ConfigGroup | undefined): Map<string, Element> {
  const elements = new Map<string, Element>();
  if (root !== undefined) addGroup(elements, [], 'Channel', root);
  return elements;
}

/** The tree of a flat configuration: each group's members are those that the group itself lists. */
export function unflatten(elements: FlatConfig): ConfigGroup {
  const hasCapabilities = elements.has(address('value', ['Channel', 'Orderer'], KEY.capabilities));
  return buildGroup(elements, [], 'Channel', hasCapabilities);
}

export function checkName(name: string): void {
  if (!NAME.test(name) || name === '.' || name === '..') {
    throw new LedgerError('CONFIG_REFUSED', `${JSON.stringify(name)} is no name of a configuration element`);
  }
}

function address(kind: Element['kind'], path: readonly string[], key: string): string {
  return `${PREFIX[kind]}/${[...path, key].join('/')}`;
}

function add(elements: Map<string, Element>, element: Element): void {
  checkName(element.key);
  elements.set(address(element.kind, element.path, element.key), element);
}

function addGroup(
  elements: Map<string, Element>,
  path: readonly string[],
  key: string,
  node: ConfigGroup,
): void {
  add(elements, { kind: 'group', path, key, node });
  const inside = [...path, key];
  for (const [name, group] of node.groups) addGroup(elements, inside, name, group);
  for (const [name, value] of node.values)
    add(elements, { kind: 'value', path: inside, key: name, node: value });
  for (const [name, policy] of node.policies)
    add(elements, { kind: 'policy', path: inside, key: name, node: policy });
}

/** With capabilities on, an unset modification policy becomes Admins, as Fabric mends channels of its version 1.0. */
function buildGroup(elements: FlatConfig, path: readonly string[], key: string, mends: boolean): ConfigGroup {
  const { node } = find(elements, 'group', path, key);
  const inside = [...path, key];
  const mended = <Node extends { readonly modPolicy: string }>(member: Node): Node =>
    mends && member.modPolicy === '' ? { ...member, modPolicy: UNSET_MOD_POLICY } : member;
  return mended({
    version: node.version,
    modPolicy: node.modPolicy,
    groups: new Map([...node.groups.keys()].map((name) => [name, buildGroup(elements, inside, name, mends)])),
    values: new Map(
      [...node.values.keys()].map((name) => [name, mended(find(elements, 'value', inside, name).node)]),
    ),
    policies: new Map(
      [...node.policies.keys()].map((name) => [name, mended(find(elements, 'policy', inside, name).node)]),
    ),
  });
}

function find<Kind extends Element['kind']>(
  elements: FlatConfig,
  kind: Kind,
  path: readonly string[],
  key: string,
): Element & { kind: Kind } {
  const element = elements.get(address(kind, path, key));
  if (element === undefined)
    throw new LedgerError(
      'CONFIG_REFUSED',
      `The ${address(kind, path, key)} is missing from the configuration`,
    );
  return element as Element & { kind: Kind };
}
