import { describe, expect, it } from 'vitest';
import { ExchangeError } from '../exchange/error.ts';
import type { RequestContext, WriteOperation } from '../ports.ts';
import { Consortium } from '../rest/testing/consortium.ts';
import { call, serverOf } from '../rest/testing/harness.ts';
import { observedExchange } from './exchange.ts';
import { readiness } from './health.ts';
import { createLogger } from './log.ts';
import { createMetrics } from './metrics.ts';

describe('metrics', () => {
  it('count decisions, failures, versions and opened records', async () => {
    const consortium = new Consortium();
    const metrics = createMetrics('NorthMSP');
    const exchange = observedExchange(consortium.join('NorthMSP', []).exchange, metrics);
    const caller = { mspId: 'NorthMSP', userId: 'a'.repeat(32), role: 'doctor', purpose: 'TREAT' } as const;
    const context: RequestContext = { requestId: '1', caller, at: new Date() };
    const labels = { categories: ['other' as const], confidentiality: 'N' as const, sensitivities: [] };
    const operation: WriteOperation = {
      kind: 'put',
      recordId: '1',
      version: 1,
      type: 'Basic',
      resource: { resourceType: 'Basic', id: '1' },
      persons: [],
      labels,
      relation: false,
    };
    await exchange.write(context, [operation]);
    consortium.failNextWrite = new ExchangeError('LIMIT', 'Enough');
    await expect(exchange.write(context, [operation])).rejects.toThrow('Enough');
    await exchange.decide(context, [{ recordId: '1', version: 1, persons: [], author: 'NorthMSP', labels }]);
    await exchange.open(context, await exchange.versions('1'));
    const text = await metrics.registry.metrics();
    expect(text).toContain('healthchain_versions_written_total{kind="put",organisation="NorthMSP"} 1');
    expect(text).toContain(
      'healthchain_exchange_errors_total{operation="write",code="LIMIT",organisation="NorthMSP"} 1',
    );
    expect(text).toContain(
      'healthchain_gate_decisions_total{code="BASE_POLICY",permit="true",organisation="NorthMSP"} 1',
    );
    expect(text).toContain('healthchain_foreign_records_opened_total{organisation="NorthMSP"} 1');
  });

  it('are served by route template, without values', async () => {
    const server = await serverOf(new Consortium(), 'north');
    await call(server, { url: '/fhir/Patient/secret-id', token: await server.token('doctor', 'TREAT') });
    const answer = await call(server, { url: '/metrics' });
    expect(answer.headers['content-type']).toContain('text/plain');
    expect(answer.body).toContain('route="/fhir/:type/:id",method="GET",status="404"');
    expect(answer.body).not.toContain('secret-id');
  });
});

describe('liveness and readiness', () => {
  it('answer without a token', async () => {
    const server = await serverOf(new Consortium(), 'north');
    expect((await call(server, { url: '/livez' })).json()).toEqual({ status: 'ok' });
    expect((await call(server, { url: '/readyz' })).statusCode).toBe(200);
  });

  it('say what is missing', async () => {
    const state = await readiness([
      { name: 'store', check: async () => undefined },
      { name: 'peer', check: async () => 'no block for 5 s' },
      { name: 'custodian', check: () => Promise.reject(new Error('secret')) },
    ]);
    expect(state).toEqual({
      ready: false,
      checks: { store: 'ok', peer: 'no block for 5 s', custodian: 'failed' },
    });
  });
});

describe('the log', () => {
  it('drops what must never stand in it, should somebody log it', () => {
    const lines: string[] = [];
    const logger = createLogger(
      { level: 'info', mspId: 'NorthMSP' },
      { write: (line) => void lines.push(line) },
    );
    logger.info(
      {
        requestId: '1',
        url: '/fhir/Patient?family=Secret',
        resource: { name: 'Secret' },
        inner: { personId: 'Secret' },
      },
      'event',
    );
    expect(lines.join()).not.toContain('Secret');
    expect(JSON.parse(lines[0] ?? '')).toMatchObject({
      level: 'info',
      organisation: 'NorthMSP',
      requestId: '1',
      msg: 'event',
    });
  });
});
