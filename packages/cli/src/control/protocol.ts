import { join } from 'node:path';

/**
 * The control socket of a running `up`: one JSON object a line. A request is answered by any number of `progress` lines and one
 * `result` or `error`. Only the owner of the data directory can open the socket (mode 0600).
 */
export interface ControlRequest {
  readonly method: string;
  readonly params: Readonly<Record<string, unknown>>;
}

export type ControlReply =
  | { readonly progress: string }
  | { readonly result: unknown }
  | { readonly error: { readonly code: string; readonly message: string; readonly hint?: string } };

/** What `up` leaves in the data directory while it runs. */
export interface RunFile {
  readonly pid: number;
  readonly socket: string;
  readonly startedAt: string;
}

/** Longest line accepted on the control socket. */
export const MAX_CONTROL_LINE = 1024 * 1024;

export function runFilePath(data: string): string {
  return join(data, 'run.json');
}
