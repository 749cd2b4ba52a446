import { closeSync, openSync, writeFileSync, writeSync } from 'node:fs';
import { fromBase64 } from '@healthchain/core';
import { openNetwork } from '@healthchain/ledger';
import { requiredText } from '../arguments.ts';
import type { Command } from '../command.ts';
import { ledgerDirectory, organisationOf, requireState } from '../consortium/state.ts';
import { control } from '../control/client.ts';
import { CliError } from '../error.ts';
import { delimited } from '../verify/block-file.ts';
import type { BlockAnswer } from '../verify/copies.ts';

const OUT = { channel: { type: 'string' }, out: { type: 'string' } } as const;

export const genesis: Command = {
  summary: 'Writes the genesis block of a channel, from which verify --offline begins.',
  usage: '--channel care --out FILE',
  options: OUT,
  run({ options, data, output }) {
    requireState(data);
    const [channel, file] = [requiredText(options, 'channel'), requiredText(options, 'out')];
    const network = openNetwork(ledgerDirectory(data));
    assertChannel(network.definition.channels, channel);
    writeFileSync(file, network.genesis(channel));
    output.print({ channel, file }, () => [`Genesis block of ${channel} written to ${file}`]);
    return Promise.resolve();
  },
};

export const blocks: Command = {
  summary: 'Fetches all blocks of a channel from the peer of one organisation.',
  usage: '--from south --channel care --out FILE',
  options: { ...OUT, from: { type: 'string' } },
  async run({ options, data, output }) {
    const { name } = organisationOf(requireState(data), requiredText(options, 'from'));
    const [channel, file] = [requiredText(options, 'channel'), requiredText(options, 'out')];
    assertChannel(openNetwork(ledgerDirectory(data)).definition.channels, channel);
    const place = { peer: `peer0.${name}`, channel };
    const count = await fetchInto(file, data, place, (line) => output.progress(line));
    output.print({ ...place, file, blocks: count }, () => [
      `${count} blocks of ${channel}, fetched from ${place.peer}, written to ${file}`,
    ]);
  },
};

/** @returns how many there were */
async function fetchInto(
  file: string,
  data: string,
  place: { readonly peer: string; readonly channel: string },
  onProgress: (line: string) => void,
): Promise<number> {
  const descriptor = openSync(file, 'w');
  try {
    for (let from = 0; ;) {
      const answers = await control<BlockAnswer[]>(data, 'ledger.blocks', { ...place, from });
      if (answers.length === 0) return from;
      for (const answer of answers) writeSync(descriptor, delimited(bytesOf(answer)));
      from += answers.length;
      onProgress(`${from} blocks`);
    }
  } finally {
    closeSync(descriptor);
  }
}

function bytesOf(answer: BlockAnswer): Uint8Array {
  if ('bytes' in answer) return fromBase64(answer.bytes);
  throw new CliError('REFUSED', answer.problem, {
    details: { hint: 'Fetch the blocks from another organisation.' },
  });
}

function assertChannel(channels: readonly { readonly name: string }[], channel: string): void {
  if (channels.some(({ name }) => name === channel)) return;
  throw new CliError('USAGE', `There is no channel ${channel}`, {
    details: { hint: `Channels: ${channels.map(({ name }) => name).join(', ')}` },
  });
}
