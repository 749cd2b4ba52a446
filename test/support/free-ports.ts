import { createServer, type AddressInfo } from 'node:net';

/** Servers of the demo, and the distance of their custody APIs' ports. */
const SERVERS = 4;
const CUSTODY_DISTANCE = 1_000;
/** Below the ports that the system gives to outgoing connections. */
const [FROM, TO] = [20_000, 31_000] as const;

/** The first of four free ports whose followers at the custody distance are free too. */
export async function freePorts(): Promise<number> {
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
