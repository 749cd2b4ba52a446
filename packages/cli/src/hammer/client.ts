import { canonical, parseExact, sha256, toHex, utf8 } from '@healthchain/core';
import type { FhirClient, FhirResponse } from '../fhir-client.ts';
import { CliError } from '../error.ts';
import type { HammerJournal } from './journal.ts';

/** Resources written in one transaction by the hammer. */
const GROUP_SIZE = 3;
const GROUP_SYSTEM = 'urn:healthchain:hammer:group';

export interface HammerCounts {
  acknowledged: number;
  refused: number;
  unanswered: number;
  reads: number;
  /** Reads that were told to come again later. */
  unavailable: number;
}

/** A resource of this session and the highest version that it was shown of it. */
interface Own {
  readonly path: string;
  version: number;
}

/** One simulated user: writes about one patient of its own, one request at a time, so that its session has an order. */
export class HammerClient {
  readonly #number: number;
  readonly #fhir: FhirClient;
  readonly #journal: HammerJournal;
  readonly #counts: HammerCounts;
  readonly #run: string;
  /** The chart note that this session amends. */
  #note: Own | undefined;
  /** The last resource that was acknowledged to this session. */
  #last: Own | undefined;
  #patient: string | undefined;
  #sequence = 0;
  readonly violations: string[] = [];

  constructor(input: {
    number: number;
    run: string;
    fhir: FhirClient;
    journal: HammerJournal;
    counts: HammerCounts;
  }) {
    this.#number = input.number;
    this.#run = input.run;
    this.#fhir = input.fhir;
    this.#journal = input.journal;
    this.#counts = input.counts;
  }

  /**
   * One round; an unanswered request is not an error, what happened to it is decided by the check afterwards.
   *
   * @returns whether the server answered
   */
  async round(): Promise<boolean> {
    const steps = [() => this.#create(), () => this.#amend(), () => this.#readOwn(), () => this.#group()];
    try {
      if (this.#patient === undefined) await this.#register();
      else await steps[this.#sequence++ % steps.length]?.();
      return true;
    } catch (error) {
      if (!(error instanceof CliError) || error.code !== 'UNREACHABLE') throw error;
      this.#counts.unanswered++;
      return false;
    }
  }

  async #register(): Promise<void> {
    const name = [{ family: `Hammer${this.#number}`, given: [this.#run] }];
    const response = await this.#fhir.request(
      'POST',
      'Patient',
      JSON.stringify({ resourceType: 'Patient', name }),
    );
    if (this.#acknowledge(response)) this.#patient = locationOf(response).path;
  }

  async #create(): Promise<void> {
    this.#acknowledge(
      await this.#fhir.request('POST', 'Observation', this.#observation(`${this.#sequence}`)),
    );
  }

  async #amend(): Promise<void> {
    if (this.#note === undefined) {
      const response = await this.#fhir.request('POST', 'Observation', this.#observation('note'));
      if (this.#acknowledge(response)) this.#note = locationOf(response);
      return;
    }
    const { path, version } = this.#note;
    const id = path.split('/')[1] as string;
    const body = this.#observation(`note ${this.#sequence}`, id);
    const response = await this.#fhir.request('PUT', path, body, { 'if-match': `W/"${version}"` });
    if (this.#acknowledge(response)) this.#note = { path, version: locationOf(response).version };
    else if (response.status === 412 || response.status === 409) await this.#readOwn();
  }

  async #readOwn(): Promise<void> {
    for (const own of [this.#note, this.#last]) if (own !== undefined) await this.#readBack(own);
  }

  /** What was acknowledged is there, and no older version than the last one shown. */
  async #readBack(own: Own): Promise<void> {
    const response = await this.#fhir.request('GET', own.path);
    this.#counts.reads++;
    if (response.status >= 500 || response.status === 429) {
      this.#counts.unavailable++;
      return;
    }
    const version = response.status === 200 ? versionOf(response) : 0;
    if (version < own.version) {
      const then = response.status === 200 ? `version ${version}` : `status ${response.status}`;
      this.violations.push(`${own.path}: the session saw version ${own.version}, then ${then}`);
    }
    own.version = Math.max(own.version, version);
  }

  async #group(): Promise<void> {
    const group = `${this.#run}-${this.#number}-${this.#sequence}`;
    const entry = Array.from({ length: GROUP_SIZE }, (_, i) => ({
      fullUrl: `urn:uuid:${crypto.randomUUID()}`,
      resource: JSON.parse(this.#observation(`group ${i}`, undefined, group)) as object,
      request: { method: 'POST', url: 'Observation' },
    }));
    this.#journal.add({ kind: 'group-sent', client: this.#number, group, size: GROUP_SIZE });
    const bundle = JSON.stringify({ resourceType: 'Bundle', type: 'transaction', entry });
    const response = await this.#fhir.request('POST', '', bundle);
    if (response.status === 200) {
      this.#counts.acknowledged += GROUP_SIZE;
      this.#journal.add({ kind: 'group-acknowledged', client: this.#number, group });
    } else {
      this.#counts.refused++;
    }
  }

  #acknowledge(response: FhirResponse): boolean {
    if (response.status !== 200 && response.status !== 201) {
      this.#counts.refused++;
      return false;
    }
    this.#counts.acknowledged++;
    const { path, version } = locationOf(response);
    this.#last = { path, version };
    this.#journal.add({
      kind: 'acknowledged',
      client: this.#number,
      path,
      version,
      hash: contentHash(response.text),
    });
    return true;
  }

  #observation(text: string, id?: string, group?: string): string {
    return JSON.stringify({
      resourceType: 'Observation',
      ...(id === undefined ? {} : { id }),
      ...(group === undefined ? {} : { identifier: [{ system: GROUP_SYSTEM, value: group }] }),
      status: 'final',
      category: [
        {
          coding: [
            { system: 'http://terminology.hl7.org/CodeSystem/observation-category', code: 'laboratory' },
          ],
        },
      ],
      code: { coding: [{ system: 'http://loinc.org', code: '2345-7' }], text },
      subject: { reference: this.#patient },
      effectiveDateTime: '2026-01-01T08:00:00Z',
      valueQuantity: {
        value: this.#sequence,
        unit: 'mg/dL',
        system: 'http://unitsofmeasure.org',
        code: 'mg/dL',
      },
    });
  }
}

export function groupSearch(group: string): string {
  return `Observation?identifier=${encodeURIComponent(`${GROUP_SYSTEM}|${group}`)}&_summary=count&_total=accurate`;
}

/** SHA-256 of the canonical body as served: same version, same bytes. */
export function contentHash(text: string): string {
  return toHex(sha256(utf8(canonical(parseExact(text)))));
}

function locationOf(response: FhirResponse): { path: string; version: number } {
  const { resourceType, id } = JSON.parse(response.text) as { resourceType: string; id: string };
  return { path: `${resourceType}/${id}`, version: versionOf(response) };
}

function versionOf(response: FhirResponse): number {
  return Number((JSON.parse(response.text) as { meta?: { versionId?: string } }).meta?.versionId);
}
