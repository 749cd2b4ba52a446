export { observedExchange } from './exchange.ts';
export { readiness, type ReadinessCheck } from './health.ts';
export { createLogger } from './log.ts';
export { createMetrics, type Metrics } from './metrics.ts';
