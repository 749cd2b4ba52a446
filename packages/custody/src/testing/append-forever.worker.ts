import { generateKeyPairSync } from 'node:crypto';
import { freshBytes } from '../envelope/envelope.ts';
import { AccessLog } from '../log/access-log.ts';
import { ecdsaSigner } from '../signature.ts';
import { draftAbout } from './entries.ts';

/** A process that appends until it is killed, and prints the size of the log after each group that is durable. */
const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const log = new AccessLog({
  file: process.argv[2] as string,
  channel: 'care',
  mspId: 'NorthMSP',
  lastCheckpoint: undefined,
  signer: ecdsaSigner(privateKey.export({ format: 'pem', type: 'pkcs8' }).toString()),
  now: Date.now,
  random: freshBytes,
});
for (let round = 0; ; round++) {
  await Promise.all(
    Array.from({ length: 5 }, (_, i) => log.append([draftAbout(i % 3), draftAbout((round + i) % 7)])),
  );
  process.stdout.write(`${log.size}\n`);
}
