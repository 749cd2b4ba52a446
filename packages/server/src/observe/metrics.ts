import { Counter, Gauge, Histogram, Registry } from 'prom-client';

/** Label values are closed lists (route templates, codes): never a path, an id or a parameter. */
export interface Metrics {
  readonly registry: Registry;
  readonly request: Histogram<'route' | 'method' | 'status'>;
  readonly inFlight: Gauge;
  readonly decisions: Counter<'code' | 'permit'>;
  readonly exchangeErrors: Counter<'operation' | 'code'>;
  readonly exchangeTime: Histogram<'operation'>;
  readonly written: Counter<'kind'>;
  readonly opened: Counter;
}

const REQUEST_BUCKETS = [0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 15];
const EXCHANGE_BUCKETS = [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 5];

/** One registry per server: a process may hold the servers of several organisations. */
export function createMetrics(mspId: string): Metrics {
  const registry = new Registry();
  registry.setDefaultLabels({ organisation: mspId });
  return { registry, ...requestMetrics([registry]), ...exchangeMetrics([registry]) };
}

function requestMetrics(registers: Registry[]): Pick<Metrics, 'request' | 'inFlight'> {
  return {
    request: new Histogram({
      name: 'healthchain_http_request_seconds',
      help: 'Time from the request to the end of the answer',
      labelNames: ['route', 'method', 'status'],
      buckets: REQUEST_BUCKETS,
      registers,
    }),
    inFlight: new Gauge({
      name: 'healthchain_http_requests_in_flight',
      help: 'Requests without an answer yet',
      registers,
    }),
  };
}

function exchangeMetrics(registers: Registry[]): Omit<Metrics, 'registry' | 'request' | 'inFlight'> {
  return {
    decisions: new Counter({
      name: 'healthchain_gate_decisions_total',
      help: 'Decisions of the gate about own records, by its code',
      labelNames: ['code', 'permit'],
      registers,
    }),
    exchangeErrors: new Counter({
      name: 'healthchain_exchange_errors_total',
      help: 'Failures of ledger and custody as the REST side sees them',
      labelNames: ['operation', 'code'],
      registers,
    }),
    exchangeTime: new Histogram({
      name: 'healthchain_exchange_seconds',
      help: 'Time that an operation of the exchange takes',
      labelNames: ['operation'],
      buckets: EXCHANGE_BUCKETS,
      registers,
    }),
    written: new Counter({
      name: 'healthchain_versions_written_total',
      help: 'Committed versions, by kind of operation',
      labelNames: ['kind'],
      registers,
    }),
    opened: new Counter({
      name: 'healthchain_foreign_records_opened_total',
      help: 'Versions of other organisations opened through custody',
      registers,
    }),
  };
}
