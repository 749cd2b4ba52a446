import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { CodedError } from '@healthchain/core';
import { MAX_CONTROL_LINE, runFilePath, type ControlReply, type ControlRequest } from './protocol.ts';

export type ControlHandler = (
  params: Readonly<Record<string, unknown>>,
  progress: (line: string) => void,
) => Promise<unknown>;

/** Unix socket paths end at 107 bytes on Linux; a folder of our own under the temporary folder always fits. */
export async function serveControl(
  data: string,
  handlers: Readonly<Record<string, ControlHandler>>,
): Promise<{ close(): Promise<void> }> {
  const socketPath = join(mkdtempSync(join(tmpdir(), 'healthchain-')), 'control.sock');
  const server = createServer((socket) => void serve(socket, handlers));
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(socketPath, resolve));
  chmodSync(socketPath, 0o600);
  const run = { pid: process.pid, socket: socketPath, startedAt: new Date().toISOString() };
  writeFileSync(runFilePath(data), `${JSON.stringify(run)}\n`, { mode: 0o600 });
  return { close: () => close(server, data, socketPath) };
}

async function serve(socket: Socket, handlers: Readonly<Record<string, ControlHandler>>): Promise<void> {
  socket.on('error', () => socket.destroy());
  const reply = (message: ControlReply): void => {
    if (socket.writable) socket.write(`${JSON.stringify(message)}\n`);
  };
  for await (const line of createInterface({ input: socket })) {
    try {
      const request = parse(line);
      const handler = Object.hasOwn(handlers, request.method) ? handlers[request.method] : undefined;
      if (handler === undefined) throw new Error(`There is no control method ${request.method}`);
      reply({ result: (await handler(request.params, (text) => reply({ progress: text }))) ?? null });
    } catch (error) {
      reply({ error: describe(error) });
    }
  }
}

function parse(line: string): ControlRequest {
  if (line.length > MAX_CONTROL_LINE)
    throw new Error(`A control line is at most ${MAX_CONTROL_LINE} characters`);
  return JSON.parse(line) as ControlRequest;
}

function describe(error: unknown): { code: string; message: string; hint?: string } {
  if (!(error instanceof CodedError))
    return { code: 'INTERNAL', message: error instanceof Error ? error.message : 'failed' };
  const hint = error.details['hint'];
  return { code: String(error.code), message: error.message, ...(typeof hint === 'string' ? { hint } : {}) };
}

async function close(server: Server, data: string, socketPath: string): Promise<void> {
  rmSync(runFilePath(data), { force: true });
  await new Promise<void>((resolve) => server.close(() => resolve()));
  rmSync(dirname(socketPath), { recursive: true, force: true });
}
