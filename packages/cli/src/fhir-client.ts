import { CliError } from './error.ts';

export interface FhirResponse {
  readonly status: number;
  readonly headers: Headers;
  /** The body as text, so that the digits of numbers are the server's. */
  readonly text: string;
}

/** A FHIR server with a bearer token. Every call has a deadline. */
export class FhirClient {
  readonly base: string;
  readonly #token: string;
  readonly #deadlineMs: number;

  constructor(base: string, token: string, deadlineMs = 120_000) {
    this.base = base;
    this.#token = token;
    this.#deadlineMs = deadlineMs;
  }

  /**
   * `path` is relative to the base, or an absolute address below it (a paging link).
   *
   * @throws CliError UNREACHABLE when there is no answer within the deadline
   */
  async request(
    method: string,
    path: string,
    body?: string,
    headers: Readonly<Record<string, string>> = {},
  ): Promise<FhirResponse> {
    const url = path.startsWith(this.base) ? path : path === '' ? this.base : `${this.base}/${path}`;
    return this.#fetch(url, {
      method,
      headers: {
        authorization: `Bearer ${this.#token}`,
        accept: 'application/fhir+json',
        ...(body === undefined ? {} : { 'content-type': 'application/fhir+json' }),
        ...headers,
      },
      ...(body === undefined ? {} : { body }),
    });
  }

  async #fetch(url: string, init: RequestInit): Promise<FhirResponse> {
    try {
      const response = await fetch(url, { ...init, signal: AbortSignal.timeout(this.#deadlineMs) });
      return { status: response.status, headers: response.headers, text: await response.text() };
    } catch (cause) {
      throw new CliError('UNREACHABLE', `No answer from ${this.base}`, {
        cause,
        details: { hint: 'See healthchain status; start the consortium with: npm start' },
      });
    }
  }

  /** @throws CliError REFUSED with the OperationOutcome's text when the status is not 2xx */
  async expect(
    method: string,
    path: string,
    body?: string,
    headers?: Readonly<Record<string, string>>,
  ): Promise<FhirResponse> {
    const response = await this.request(method, path, body, headers);
    if (response.status >= 200 && response.status < 300) return response;
    throw new CliError(
      'REFUSED',
      `${method} ${path.split('?')[0]}: ${response.status} ${outcomeText(response.text)}`,
    );
  }

  /** All entries of a searchset, following `next`. */
  async *search(path: string): AsyncGenerator<SearchEntry> {
    let next: string | undefined = path;
    while (next !== undefined) {
      const bundle = JSON.parse((await this.expect('GET', next)).text) as SearchBundle;
      yield* bundle.entry ?? [];
      next = bundle.link?.find((link) => link.relation === 'next')?.url;
    }
  }
}

export interface SearchEntry {
  readonly fullUrl?: string;
  readonly search?: { readonly mode?: string };
  readonly resource: {
    readonly resourceType: string;
    readonly id?: string;
    readonly [name: string]: unknown;
  };
}

interface SearchBundle {
  readonly entry?: readonly SearchEntry[];
  readonly link?: readonly { readonly relation: string; readonly url: string }[];
}

export function outcomeText(text: string): string {
  try {
    const outcome = JSON.parse(text) as {
      issue?: { diagnostics?: string; expression?: string[]; details?: { text?: string } }[];
    };
    const issues = (outcome.issue ?? []).slice(0, 5).map((issue) => {
      const where = issue.expression?.join(', ');
      return `${issue.diagnostics ?? issue.details?.text ?? 'refused'}${where === undefined ? '' : ` (${where})`}`;
    });
    return issues.join('; ');
  } catch {
    return '';
  }
}
