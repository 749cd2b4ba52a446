import { CodedError } from '@healthchain/core';
import type { Exchange } from '../ports.ts';
import type { Metrics } from './metrics.ts';

/** The same exchange, with decisions, failures and times counted. */
export function observedExchange(exchange: Exchange, metrics: Metrics): Exchange {
  const observed = async <T>(operation: string, run: () => Promise<T>): Promise<T> => {
    const stop = metrics.exchangeTime.startTimer({ operation });
    try {
      return await run();
    } catch (cause) {
      metrics.exchangeErrors.inc({
        operation,
        code: cause instanceof CodedError ? String(cause.code) : 'INTERNAL',
      });
      throw cause;
    } finally {
      stop();
    }
  };
  return {
    persons: exchange.persons,
    knows: (caller) => exchange.knows(caller),
    faces: exchange.faces,
    answers: exchange.answers,
    versions: (recordId) => observed('versions', () => exchange.versions(recordId)),
    listPerson: (personId, wanted) => observed('list-person', () => exchange.listPerson(personId, wanted)),
    state: (context, access) => observed('state', () => exchange.state(context, access)),
    breakGlass: (context, personId, reason) =>
      observed('break-glass', () => exchange.breakGlass(context, personId, reason)),
    exportAccessLog: (context, personId) =>
      observed('export-access-log', () => exchange.exportAccessLog(context, personId)),
    async write(context, operations, keep) {
      const result = await observed('write', () => exchange.write(context, operations, keep));
      for (const { kind } of operations) metrics.written.inc({ kind });
      return result;
    },
    async decide(context, items) {
      const decisions = await observed('decide', () => exchange.decide(context, items));
      for (const { code, permit } of decisions) metrics.decisions.inc({ code, permit: String(permit) });
      return decisions;
    },
    async open(context, versions) {
      const outcome = await observed('open', () => exchange.open(context, versions));
      metrics.opened.inc(outcome.opened.length);
      return outcome;
    },
  };
}
