import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  clientFor,
  createOutput,
  openConsortium,
  tokenFor,
  type Consortium,
  type FhirClient,
  type UpOptions,
} from '@healthchain/cli';
import { freePorts } from './free-ports.ts';

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
export async function startConsortium(servers: Pick<UpOptions, 'clock'> = {}): Promise<StoryConsortium> {
  const data = mkdtempSync(join(tmpdir(), 'healthchain-story-'));
  const remove = (): void => rmSync(data, { recursive: true, force: true });
  const firstPort = await freePorts();
  const options = { ...servers, data, cast: false, seed: 1, firstPort, now: new Date() };
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
