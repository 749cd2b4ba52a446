import { EMERGENCY_REASONS, type EmergencyReason } from '@healthchain/core';
import type { ExactObject } from '../../fhir/index.ts';
import { json } from '../answers.ts';
import { notFound, RestError } from '../error.ts';
import { assertNoKey } from '../idempotency.ts';
import { part, pass, type RestAnswer, type Visit } from '../visit.ts';
import { parameterOf } from './parameters.ts';

/**
 * `Patient/{id}/$break-glass` with `reason` (a code of EMERGENCY_REASONS): opens an emergency on the ledger, for the caller and this
 * person. The answer leaves when this server has it; from then on what the caller reads of this person rests on
 * it, where nothing else permits it.
 */
export async function breakGlass(visit: Visit): Promise<RestAnswer> {
  assertNoKey(visit);
  const reason = reasonOf(parameterOf(visit.request.body(), 'reason'));
  const person = await visit.server.exchange.persons.ofPatient(part(visit, 'id'));
  pass(visit, 'locate');
  if (person === undefined) throw notFound();
  const { transactionId, until } = await visit.server.exchange.breakGlass(visit.context, person, reason);
  for (const step of ['write', 'render'] as const) pass(visit, step);
  const parameter = [
    { name: 'transaction', valueString: transactionId },
    { name: 'until', valueInstant: until },
  ];
  return json(200, JSON.stringify({ resourceType: 'Parameters', parameter }));
}

function reasonOf(parameter: ExactObject | undefined): EmergencyReason {
  const coding = parameter?.['valueCoding'];
  const code = parameter?.['valueCode'] ?? (coding as ExactObject | undefined)?.['code'];
  const reason = EMERGENCY_REASONS.find((known) => known === code);
  if (reason !== undefined) return reason;
  throw new RestError('INVALID', `The parameter reason must be one of ${EMERGENCY_REASONS.join(', ')}`, {
    details: { expression: "Parameters.parameter.where(name='reason')" },
  });
}
