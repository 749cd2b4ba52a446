import { expect, test } from 'vitest';
import { assertOnChannel } from './membership.ts';

const channels = [
  { name: 'care', members: ['NorthMSP', 'SouthMSP'] },
  { name: 'consortium', members: ['NorthMSP', 'SouthMSP', 'AcmeMSP'] },
] as const;

test.each([
  ['care', 'SouthMSP'],
  ['consortium', 'AcmeMSP'],
])('%s serves %s', (channel, member) => {
  expect(() => assertOnChannel(channels, channel, member)).not.toThrow();
});

test.each([
  ['care', 'AcmeMSP'],
  ['care', 'OtherMSP'],
  ['none', 'SouthMSP'],
])('%s does not serve %s', (channel, member) => {
  expect(() => assertOnChannel(channels, channel, member)).toThrow(
    expect.objectContaining({ code: 'FORBIDDEN' }),
  );
});
