import { RestError } from '../error.ts';
import { keepUnwritten, onceOnly } from '../idempotency.ts';
import { pass, type RestAnswer, type Visit } from '../visit.ts';
import { batch } from './batch.ts';
import { type Entry, entriesOf } from './entries.ts';
import { transaction, transactionAgain } from './transaction.ts';

/** `POST [base]`: a batch, whose entries stand alone, or a transaction, which is one ledger transaction. */
export async function bundle(visit: Visit): Promise<RestAnswer> {
  const body = visit.request.body();
  if (body['resourceType'] !== 'Bundle') throw new RestError('MALFORMED', 'The body must be a Bundle');
  const entries = entriesOf(visit, body);
  pass(visit, 'render');
  switch (body['type']) {
    case 'batch':
      return batchUnderKey(visit, entries);
    case 'transaction':
      return onceOnly(
        visit,
        (inner) => transaction(inner, entries),
        (inner, kept) => transactionAgain(inner, entries, kept),
      );
    default:
      throw new RestError('MALFORMED', 'Bundle.type must be batch or transaction', {
        details: { expression: 'Bundle.type' },
      });
  }
}

/** A batch only binds its key to its body: each entry is a request of its own, under a key derived from it. */
async function batchUnderKey(visit: Visit, entries: readonly Entry[]): Promise<RestAnswer> {
  const bound: RestAnswer = { status: 200 };
  const bind = (inner: Visit): Promise<RestAnswer> => {
    keepUnwritten(inner, []);
    return Promise.resolve(bound);
  };
  await onceOnly(visit, bind, () => Promise.resolve(bound));
  return batch(visit, entries);
}
