import { readFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { createInterface } from 'node:readline';
import { CliError } from '../error.ts';
import { runFilePath, type ControlReply, type RunFile } from './protocol.ts';

/** The run file when its process is alive; a stale one counts as none. */
export function readRunFile(data: string): RunFile | undefined {
  try {
    const run = JSON.parse(readFileSync(runFilePath(data), 'utf8')) as RunFile;
    process.kill(run.pid, 0);
    return run;
  } catch {
    return undefined;
  }
}

/**
 * Sends one request to the running consortium.
 *
 * @throws CliError NOT_RUNNING, or CONTROL with what the other side reported
 */
export async function control<Result>(
  data: string,
  method: string,
  params: Readonly<Record<string, unknown>> = {},
  onProgress: (line: string) => void = () => {},
): Promise<Result> {
  const run = readRunFile(data);
  if (run === undefined) {
    throw new CliError('NOT_RUNNING', `Nothing runs on ${data}`, {
      details: { hint: 'Start the consortium with: npm start (or: npx healthchain up)' },
    });
  }
  const socket = await open(run.socket);
  try {
    socket.write(`${JSON.stringify({ method, params })}\n`);
    for await (const line of createInterface({ input: socket })) {
      const reply = JSON.parse(line) as ControlReply;
      if ('progress' in reply) onProgress(reply.progress);
      else if ('result' in reply) return reply.result as Result;
      else throw new CliError('CONTROL', reply.error.message, { details: { ...reply.error } });
    }
  } finally {
    socket.destroy();
  }
  throw new CliError('CONTROL', `The consortium closed the connection during ${method}`, {
    details: { hint: 'See its log; it may have stopped.' },
  });
}

function open(path: string): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect(path);
    socket.once('connect', () => resolve(socket));
    socket.once('error', (cause) =>
      reject(new CliError('NOT_RUNNING', `The control socket ${path} does not answer`, { cause })),
    );
  });
}
