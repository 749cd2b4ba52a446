import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { clientFor, type ConsortiumState, type FhirClient, type tokenFor } from '@healthchain/cli';
import { eventually } from './eventually.ts';
import { freePorts } from './free-ports.ts';

type TokenOptions = NonNullable<Parameters<typeof tokenFor>[3]>;

interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** `healthchain up --no-cast` as a process of its own, and the commands of a user beside it. */
export interface Program {
  readonly data: string;
  start(): Promise<void>;
  /** SIGTERM, and the end of the process. */
  stop(): Promise<void>;
  /** One command to its end; `--data` is added. */
  run(...args: readonly string[]): Promise<Ended>;
  /** The same, which must succeed; what it printed. */
  expect(...args: readonly string[]): Promise<string>;
  state(): ConsortiumState;
  client(handle: string, options?: TokenOptions): Promise<FhirClient>;
  close(): Promise<void>;
}

const START_DEADLINE_MS = 90_000;
const MAIN = fileURLToPath(new URL('../../packages/cli/src/main.ts', import.meta.url));

export async function startProgram(): Promise<Program> {
  const program = new ProgramOfStory(mkdtempSync(join(tmpdir(), 'healthchain-story-')), await freePorts());
  await program.start().catch(async (error: unknown) => {
    await program.close();
    throw error;
  });
  return program;
}

class ProgramOfStory implements Program {
  readonly data: string;
  readonly #port: number;
  #up: { readonly child: ChildProcess; readonly ended: Promise<Ended> } | undefined;

  constructor(data: string, port: number) {
    this.data = data;
    this.#port = port;
  }

  async start(): Promise<void> {
    const up = launch(['up', '--no-cast', '--data', this.data, '--port', String(this.#port)]);
    this.#up = up;
    const early = up.ended.then(({ stderr }) => Promise.reject(new Error(`up ended: ${stderr}`)));
    early.catch(() => undefined);
    await Promise.race([early, eventually('the servers', () => this.#whenReady(), START_DEADLINE_MS)]);
  }

  async stop(): Promise<void> {
    this.#up?.child.kill('SIGTERM');
    await this.#up?.ended;
    this.#up = undefined;
  }

  run(...args: readonly string[]): Promise<Ended> {
    return launch([...args, '--data', this.data]).ended;
  }

  async expect(...args: readonly string[]): Promise<string> {
    const { code, stdout, stderr } = await this.run(...args);
    if (code !== 0) throw new Error(`healthchain ${args[0]} ended with ${code}: ${stderr}`);
    return stdout;
  }

  state(): ConsortiumState {
    return JSON.parse(readFileSync(join(this.data, 'consortium.json'), 'utf8')) as ConsortiumState;
  }

  client(handle: string, options?: TokenOptions): Promise<FhirClient> {
    return clientFor(this.data, this.state(), handle, options);
  }

  async close(): Promise<void> {
    await this.stop();
    rmSync(this.data, { recursive: true, force: true });
  }

  async #whenReady(): Promise<true | undefined> {
    const { code, stdout } = await this.run('status', '--json');
    return code === 0 && (JSON.parse(stdout) as { ready: boolean }).ready ? true : undefined;
  }
}

/** One command to its end, on whatever its arguments name. */
export function runCommand(...args: readonly string[]): Promise<Ended> {
  return launch(args).ended;
}

function launch(args: readonly string[]): { child: ChildProcess; ended: Promise<Ended> } {
  const child = spawn(process.execPath, [MAIN, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  let [stdout, stderr] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  const ended = new Promise<Ended>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => resolve({ code, stdout, stderr }));
  });
  return { child, ended };
}
