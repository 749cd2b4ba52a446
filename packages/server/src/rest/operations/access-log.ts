import { notFound } from '../error.ts';
import { part, pass, type RestAnswer, type Visit } from '../visit.ts';

/**
 * `Patient/{id}/$access-log`: the proofs of all custodians about the caller's own person, for `verify --offline`. The custodians
 * decide, log the look and sign; who asks for another person gets the answer of one who does not exist.
 */
export async function accessLog(visit: Visit): Promise<RestAnswer> {
  const { exchange } = visit.server;
  const [named, own] = await Promise.all([
    exchange.persons.ofPatient(part(visit, 'id')),
    exchange.persons.ofCaller(visit.context.caller),
  ]);
  pass(visit, 'locate');
  if (named === undefined || named !== own) throw notFound();
  const proofs = await exchange.exportAccessLog(visit.context, named);
  for (const step of ['decide', 'open', 'state', 'render'] as const) pass(visit, step);
  return {
    status: 200,
    headers: { 'content-type': 'application/json; charset=utf-8' },
    body: JSON.stringify(proofs),
  };
}
