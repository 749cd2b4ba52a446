import { createServer } from 'node:net';
import { CliError } from '../error.ts';
import type { OrganisationState } from './state.ts';

export const HOST = '127.0.0.1';

/** @throws CliError PORT_IN_USE naming the first port that is taken and whose it should be */
export async function mustBeFree(organisations: readonly OrganisationState[], hint: string): Promise<void> {
  for (const { title, port, custodyPort } of organisations) {
    await mustListen(port, `the server of ${title}`, hint);
    await mustListen(custodyPort, `the custody API of ${title}`, hint);
  }
}

function mustListen(port: number, whose: string, hint: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once('error', (cause) => {
      const message = `Port ${port} on ${HOST}, for ${whose}, cannot be listened on`;
      reject(new CliError('PORT_IN_USE', message, { cause, details: { port, hint } }));
    });
    probe.listen({ host: HOST, port, exclusive: true }, () => probe.close(() => resolve()));
  });
}
