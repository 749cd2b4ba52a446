export { benchLedger, type BenchOptions, type BenchReport } from './bench-ledger.ts';
