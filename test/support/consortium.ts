import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  clientFor,
  createOutput,
  openConsortium,
  tokenFor,
  type Consortium,
  type FhirClient,
} from '@healthchain/cli';

type TokenOptions = NonNullable<Parameters<typeof tokenFor>[3]>;

/** The consortium that `healthchain up --no-cast` starts, in a directory of its own. */
export interface StoryConsortium {
  readonly data: string;
  readonly consortium: Consortium;
  /** The server of the user's own organisation, with a token of the user. */
  client(handle: string, options?: TokenOptions): Promise<FhirClient>;
  token(handle: string, options?: TokenOptions): Promise<string>;
  /** Ends every server and removes the directory. */
  close(): Promise<void>;
}

/** One for each story file; its cases share it. */
export async function startConsortium(): Promise<StoryConsortium> {
  const data = mkdtempSync(join(tmpdir(), 'healthchain-story-'));
  const remove = (): void => rmSync(data, { recursive: true, force: true });
  const firstPort = await freePorts();
  const options = { data, cast: false, seed: 1, firstPort, now: new Date() };
  const consortium = await openConsortium(options, createOutput(true)).catch((error: unknown) => {
    remove();
    throw error;
  });
  const { state } = consortium;
  return {
    data,
    consortium,
    client: (handle, terms) => clientFor(data, state, handle, terms),
    token: (handle, terms) => tokenFor(data, state, handle, terms),
    close: async () => {
      await consortium.close();
      remove();
    },
  };
}

/** Servers of the demo, and the distance of their custody APIs' ports. */
const SERVERS = 4;
const CUSTODY_DISTANCE = 1_000;
/** Below the ports that the system gives to outgoing connections. */
const [FROM, TO] = [20_000, 31_000] as const;

/** The first of four free ports whose followers at the custody distance are free too. */
async function freePorts(): Promise<number> {
  for (;;) {
    const first = FROM + Math.floor((Math.random() * (TO - FROM)) / SERVERS) * SERVERS;
    const wanted = Array.from({ length: SERVERS }, (_, i) => [first + i, first + CUSTODY_DISTANCE + i]);
    const free = await Promise.all(wanted.flat().map(isFree));
    if (free.every(Boolean)) return first;
  }
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = createServer();
    probe.once('error', () => resolve(false));
    probe.listen(port, '127.0.0.1', () => {
      const { port: bound } = probe.address() as AddressInfo;
      probe.close(() => resolve(bound === port));
    });
  });
}
