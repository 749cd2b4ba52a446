import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { closeSync, mkdirSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { FabricError } from './errors.ts';

/** How long a process may take to end after SIGTERM before it is killed. */
const GRACE_MS = 5_000;
const POLL_MS = 50;
const TAIL_LINES = 8;
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

export interface Program {
  readonly path: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

/**
 * The processes that one network started, by name, each writing into `<logs>/<name>.log`. They are stopped by
 * {@link Processes.stopAll} and, whatever happens, when this program ends or is told to by a signal; no other process is.
 */
export class Processes {
  readonly #logs: string;
  readonly #running = new Map<string, ChildProcess>();
  readonly #onExit = () => this.#killAll('SIGKILL');
  readonly #onSignal = (signal: NodeJS.Signals) => void this.#stopFor(signal);

  constructor(logs: string) {
    mkdirSync(logs, { recursive: true });
    this.#logs = logs;
    process.once('exit', this.#onExit);
    for (const signal of SIGNALS) process.once(signal, this.#onSignal);
  }

  start(name: string, program: Program): void {
    if (this.#running.has(name)) throw new FabricError('FABRIC_NODE', `${name} is already running`);
    const log = openSync(this.logOf(name), 'a');
    const env = { ...inherited(), ...program.env };
    const child = spawn(program.path, program.args, { env, stdio: ['ignore', log, log] });
    closeSync(log);
    this.#running.set(name, child);
    child.once('error', () => this.#forget(name, child));
    child.once('exit', () => this.#forget(name, child));
  }

  /** Ends one process: SIGTERM by default, SIGKILL to play a crash; returns when it has ended. */
  async stop(name: string, signal: 'SIGTERM' | 'SIGKILL' = 'SIGTERM'): Promise<void> {
    const child = this.#running.get(name);
    if (child === undefined) return;
    const ended = new Promise<void>((done) => child.once('exit', () => done()));
    child.kill(signal);
    const timer = setTimeout(() => child.kill('SIGKILL'), GRACE_MS);
    await ended;
    clearTimeout(timer);
  }

  isRunning(name: string): boolean {
    return this.#running.has(name);
  }

  /** Stops the process in its tracks (SIGSTOP) or lets it go on (SIGCONT); it keeps its connections. */
  signal(name: string, signal: 'SIGSTOP' | 'SIGCONT'): void {
    this.#running.get(name)?.kill(signal);
  }

  async stopAll(): Promise<void> {
    for (const child of this.#running.values()) child.kill('SIGCONT');
    await Promise.all([...this.#running.keys()].map((name) => this.stop(name)));
    process.off('exit', this.#onExit);
    for (const signal of SIGNALS) process.off(signal, this.#onSignal);
  }

  /**
   * Waits until `condition` holds; fails with FABRIC_NODE as soon as one of `needed` has ended, naming its log's last lines, and
   * with FABRIC_TIMEOUT after `limitMs`, keeping the last error of the condition as cause.
   */
  async until(
    what: string,
    needed: readonly string[],
    limitMs: number,
    condition: () => Promise<boolean>,
  ): Promise<void> {
    const deadline = performance.now() + limitMs;
    let cause: unknown;
    for (;;) {
      const ended = needed.find((name) => !this.#running.has(name));
      if (ended !== undefined) {
        throw new FabricError('FABRIC_NODE', `${ended} ended. ${this.logOf(ended)}:\n${this.#tail(ended)}`);
      }
      try {
        if (await condition()) return;
      } catch (error) {
        cause = error;
      }
      if (performance.now() > deadline)
        throw new FabricError('FABRIC_TIMEOUT', `${what} took over ${limitMs} ms`, { cause });
      await delay(POLL_MS);
    }
  }

  logOf(name: string): string {
    return join(this.#logs, `${name}.log`);
  }

  #tail(name: string): string {
    return readFileSync(this.logOf(name), 'utf8').trimEnd().split('\n').slice(-TAIL_LINES).join('\n');
  }

  #forget(name: string, child: ChildProcess): void {
    if (this.#running.get(name) === child) this.#running.delete(name);
  }

  #killAll(signal: NodeJS.Signals): void {
    for (const child of this.#running.values()) child.kill(signal);
  }

  async #stopFor(signal: NodeJS.Signals): Promise<void> {
    await this.stopAll();
    process.kill(process.pid, signal);
  }
}

/** Fabric reads CORE_* and ORDERER_* of its environment, and Go reads SSL_CERT_*: nothing of the caller's may leak in. */
export function inherited(): Record<string, string> {
  const kept = ['PATH', 'HOME', 'TMPDIR', 'LANG'];
  return Object.fromEntries(
    kept.flatMap((name) => {
      const value = process.env[name];
      return value === undefined ? [] : [[name, value] as const];
    }),
  );
}
