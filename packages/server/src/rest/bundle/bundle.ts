import { RestError } from '../error.ts';
import { pass, type RestAnswer, type Visit } from '../visit.ts';
import { batch } from './batch.ts';
import { entriesOf } from './entries.ts';
import { transaction } from './transaction.ts';

/** `POST [base]`: a batch, whose entries stand alone, or a transaction, which is one ledger transaction. */
export async function bundle(visit: Visit): Promise<RestAnswer> {
  const body = visit.request.body();
  if (body['resourceType'] !== 'Bundle') throw new RestError('MALFORMED', 'The body must be a Bundle');
  const entries = entriesOf(visit, body);
  pass(visit, 'render');
  switch (body['type']) {
    case 'batch':
      return batch(visit, entries);
    case 'transaction':
      return transaction(visit, entries);
    default:
      throw new RestError('MALFORMED', 'Bundle.type must be batch or transaction', {
        details: { expression: 'Bundle.type' },
      });
  }
}
