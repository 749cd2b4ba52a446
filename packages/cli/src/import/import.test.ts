import { mkdtempSync, writeFileSync } from 'node:fs';
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { FhirClient } from '../fhir-client.ts';
import { ImportJournal } from './journal.ts';
import { readInput } from './read-input.ts';
import { runImport } from './run.ts';

const folder = (): string => mkdtempSync(join(tmpdir(), 'healthchain-import-'));

function file(name: string, text: string): string {
  const path = join(folder(), name);
  writeFileSync(path, text);
  return path;
}

const PATIENT = '{"resourceType":"Patient","id":"p1"}';
const RESULT =
  '{"resourceType":"Observation","id":"o1","subject":{"reference":"Patient/p1"},"valueQuantity":{"value":1.00}}';

describe('readInput', () => {
  it('leaves a transaction bundle as it is, to the digits', () => {
    const text = `{"resourceType":"Bundle","type":"transaction","entry":[{"resource":${RESULT},"request":{"method":"POST","url":"Observation"}}]}`;
    const [unit] = readInput(file('bundle.json', text));
    expect(unit?.body).toBe(text);
    expect(unit).toMatchObject({ resources: 1, atomic: true });
  });

  it('makes NDJSON and a collection transactions whose references hold together, the same in every run', () => {
    const collection = `{"resourceType":"Bundle","type":"collection","entry":[{"resource":${PATIENT}},{"resource":${RESULT}}]}`;
    const [fromLines] = readInput(file('data.ndjson', `${PATIENT}\n\n${RESULT}\n`));
    const [fromCollection] = readInput(file('data.json', collection));
    expect(fromLines?.key).toBe(fromCollection?.key);
    const { entry } = JSON.parse(fromLines?.body ?? '') as {
      entry: { fullUrl: string; resource: { subject?: { reference: string } } }[];
    };
    expect(entry[1]?.resource.subject?.reference).toBe(entry[0]?.fullUrl);
    expect(fromLines?.body).toContain('"value":1.00');
  });

  it.each([
    ['a document bundle', 'bundle.json', '{"resourceType":"Bundle","type":"document"}', /type is "document"/],
    ['a broken line', 'data.ndjson', `${PATIENT}\n{"resourceType":`, /data\.ndjson:2/],
    ['what is no object', 'data.json', '[1]', /object/],
  ])('names what is wrong with %s', (_, name, text, message) => {
    expect(() => readInput(file(name, text))).toThrow(expect.objectContaining({ code: 'BAD_INPUT' }));
    expect(() => readInput(file(name, text))).toThrow(message);
  });
});

describe('runImport', () => {
  let server: Server;
  let keys: string[];
  let refuse = false;
  let replayed = false;
  /** Statuses answered before the server is well again; 0 is no answer. */
  let ill: number[];

  beforeEach(async () => {
    keys = [];
    refuse = false;
    replayed = false;
    ill = [];
    server = createServer((request, response) => {
      keys.push(String(request.headers['idempotency-key']));
      const illness = ill.shift();
      if (illness === undefined) respond(response);
      else if (illness === 0) request.socket.destroy();
      else response.writeHead(illness, { 'retry-after': '1' }).end('{}');
    });
    const respond = (response: ServerResponse): void => {
      response.statusCode = refuse ? 422 : 200;
      if (replayed) response.setHeader('idempotent-replayed', 'true');
      response.end(
        refuse
          ? '{"issue":[{"diagnostics":"no such code","expression":["Patient.gender"]}]}'
          : '{"entry":[{"response":{"status":"201 Created"}},{"response":{"status":"200 OK"}}]}',
      );
    };
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  });
  afterEach(() => server.close());

  const client = (): FhirClient =>
    new FhirClient(`http://127.0.0.1:${(server.address() as AddressInfo).port}/fhir`, 'token');

  it('sends each unit once, also after a restart', async () => {
    const units = readInput(file('data.ndjson', `${PATIENT}\n${RESULT}\n`));
    const path = join(folder(), 'journal');
    const report = await runImport(client(), units, new ImportJournal(path), () => {});
    expect(report).toMatchObject({ created: 1, matched: 1, skipped: 0 });
    const again = await runImport(client(), units, new ImportJournal(path), () => {});
    expect(again).toMatchObject({ created: 0, matched: 0, skipped: 2 });
    expect(keys).toHaveLength(1);
  });

  it('says which file was refused and why, and sends it again the next time', async () => {
    const units = readInput(file('data.ndjson', PATIENT));
    const path = join(folder(), 'journal');
    refuse = true;
    const failed = runImport(client(), units, new ImportJournal(path), () => {});
    await expect(failed).rejects.toThrow(/data\.ndjson: 422 no such code \(Patient\.gender\)/);
    refuse = false;
    await runImport(client(), units, new ImportJournal(path), () => {});
    expect(keys).toHaveLength(2);
    expect(keys[0]).toBe(keys[1]);
  });

  it('sends a unit again under the same key until its outcome is known', async () => {
    const units = readInput(file('data.ndjson', `${PATIENT}\n${RESULT}\n`));
    ill = [0, 409, 503];
    const report = await runImport(client(), units, new ImportJournal(join(folder(), 'journal')), () => {});
    expect(report).toMatchObject({ created: 1, matched: 1 });
    expect(keys).toHaveLength(4);
    expect(new Set(keys).size).toBe(1);
  });

  it('tells what the server had imported before, though the journal is lost', async () => {
    const units = readInput(file('data.ndjson', `${PATIENT}\n${RESULT}\n`));
    replayed = true;
    const report = await runImport(client(), units, new ImportJournal(join(folder(), 'journal')), () => {});
    expect(report).toMatchObject({ created: 0, matched: 0, skipped: 2 });
  });

  it('ignores a torn last line of the journal, and goes on after it', () => {
    const path = join(folder(), 'journal');
    writeFileSync(path, '{"key":"a","label":"x","resources":1,"created":1,"matched":0}\n{"key":"b","la');
    const journal = new ImportJournal(path);
    expect(journal.find('a')).toBeDefined();
    expect(journal.find('b')).toBeUndefined();
    journal.add({ key: 'c', label: 'y', resources: 1, created: 1, matched: 0 });
    expect(new ImportJournal(path).find('c')).toBeDefined();
  });
});
