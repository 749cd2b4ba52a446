import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startTestNetwork, text, type TestNetwork } from './testing.ts';

const ORDERER = 'orderer0.south';

let network: TestNetwork;
beforeEach(async () => {
  network = await startTestNetwork();
  const contract = await network.contract();
  for (let i = 0; i < 4; i++) await contract.submitTransaction('put', `k${i}`, `${i}`);
  await network.engine.stop(ORDERER);
});
afterEach(() => network?.close());

/** Changes a byte in the middle of the only file of a folder of the orderer. */
async function spoil(folder: string, suffix: string): Promise<string> {
  const directory = join(network.directory, 'nodes', ORDERER, 'care', folder);
  const [name = ''] = (await readdir(directory)).filter((file) => file.endsWith(suffix));
  const bytes = await readFile(join(directory, name));
  const middle = Math.floor(bytes.length / 2);
  bytes.writeUInt8(bytes.readUInt8(middle) ^ 1, middle);
  await writeFile(join(directory, name), bytes);
  return join(directory, name);
}

/** Two of three have to sign: with north stopped, the repaired one has to. */
async function mustOrderWithoutNorth(): Promise<void> {
  await network.engine.stop('orderer0.north');
  const contract = await network.contract();
  await contract.submitTransaction('put', 'after', 'repaired');
  expect(text(await contract.evaluateTransaction('get', 'after'))).toBe('"repaired"');
}

describe('an orderer', () => {
  it('whose signing log is damaged stays out until repaired, is silent for a height, and orders again', async () => {
    const file = await spoil('signing', '.signing');
    await expect(network.engine.start(ORDERER)).rejects.toMatchObject({
      code: 'SIGNING_CORRUPT',
      details: { file },
    });
    const [report] = await network.engine.repair(ORDERER);
    const heights = (await network.engine.status()).map(({ channels }) => channels[0]?.height ?? 0);
    expect(report).toMatchObject({ findings: [{ file }], silentBelow: Math.max(...heights) + 1 });
    await (await network.contract()).submitTransaction('put', 'meanwhile', 'by the others');
    await mustOrderWithoutNorth();
  });

  it('whose blocks are damaged gets them from the others, and orders again', async () => {
    const file = await spoil('blocks', '.blocks');
    const [report] = await network.engine.repair(ORDERER);
    expect(report).toMatchObject({ findings: [{ file, block: expect.any(Number) }] });
    expect(report?.silentBelow).toBeUndefined();
    await mustOrderWithoutNorth();
  });

  it('whose blocks are damaged is not cut while nobody else has them', async () => {
    await spoil('blocks', '.blocks');
    await network.engine.stop('orderer0.north');
    await network.engine.stop('orderer0.authority');
    await expect(network.engine.repair(ORDERER)).rejects.toMatchObject({ code: 'NOT_REPAIRABLE' });
  });
});
