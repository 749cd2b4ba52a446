import { MAX_ITEMS, ROLE_RULES, type HealthClient } from '@healthchain/contracts';
import { RESTRICTED, type PersonId, type RecordLabels } from '@healthchain/core';
import type { Caller, RequestContext, WriteOperation } from '../../ports.ts';
import { ExchangeError } from '../error.ts';
import type { ExchangePersons } from './persons.ts';

type Item = Parameters<HealthClient['authorisation']['decide']>[0]['items'][number];
type Registration = { readonly personId: PersonId; readonly identifiers: readonly string[] };

/**
 * Registers the persons of the Patients among the operations at the own organisation, by transactions of the server. The gate is
 * asked before about everything that is to be written: a refused write leaves no registration, and gains no relation.
 *
 * @throws ExchangeError FORBIDDEN
 */
export async function registerPersons(
  options: { readonly client: HealthClient; readonly persons: ExchangePersons },
  { caller }: RequestContext,
  operations: readonly WriteOperation[],
): Promise<void> {
  const registrations = operations.flatMap(registrationOf);
  if (registrations.length === 0) return;
  const registered = new Set(registrations.map(({ personId }) => personId));
  await assertMayWrite(options.client, caller, operations, registered);
  for (const { personId, identifiers } of registrations)
    await options.persons.register(personId, identifiers);
}

function registrationOf(operation: WriteOperation): Registration[] {
  if (operation.kind !== 'put' || operation.registers === undefined) return [];
  const identifiers = operation.registers;
  return operation.persons.map((personId) => ({ personId, identifiers }));
}

/** What only the missing relation stands against is permitted once the person is registered. */
async function assertMayWrite(
  client: HealthClient,
  caller: Caller,
  operations: readonly WriteOperation[],
  registered: ReadonlySet<PersonId>,
): Promise<void> {
  const { mspId, userId, role } = caller;
  const items = distinct(operations.flatMap((operation) => itemsOf(caller, operation)));
  for (let start = 0; start < items.length; start += MAX_ITEMS) {
    const chunk = items.slice(start, start + MAX_ITEMS);
    const subject = { mspId, userId, role };
    const [purpose = caller.purpose] = ROLE_RULES[role].purposes;
    const { decisions } = await client.authorisation.decide({
      subject,
      purpose,
      right: 'write',
      items: chunk,
    });
    const isRefused = decisions.some(
      ({ permit, code }, i) =>
        !permit && !(code === 'NO_RELATION' && registered.has(chunk[i]?.persons[0] ?? '')),
    );
    if (isRefused) throw new ExchangeError('FORBIDDEN', 'The gate refuses the write');
  }
}

/** As the contract will see it, but one item for each person of a record. */
function itemsOf({ mspId, userId }: Caller, operation: WriteOperation): Item[] {
  if (operation.kind === 'directory') return [];
  const persons = operation.persons.length === 0 ? [[]] : operation.persons.map((personId) => [personId]);
  return persons.map((one) => ({ persons: one, author: { mspId, userId }, ...shownOf(operation.labels) }));
}

/** The ledger knows of a record above N only that it is restricted. */
function shownOf({
  categories,
  confidentiality,
}: RecordLabels): Pick<Item, 'categories' | 'confidentiality' | 'sensitivities'> {
  return confidentiality === 'N'
    ? { categories: [...categories], confidentiality, sensitivities: [] }
    : { categories: [RESTRICTED], confidentiality: 'R', sensitivities: [] };
}

function distinct(items: readonly Item[]): Item[] {
  return [...new Map(items.map((item) => [JSON.stringify(item), item])).values()];
}
