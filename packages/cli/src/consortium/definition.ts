import type { NetworkDefinition } from '@healthchain/ledger';
import { CIRCLES, ENDORSEMENT, ORGANISATIONS } from '../demo/consortium.ts';

/** The contract's name on every circle. */
export const HEALTH_CONTRACT = 'health';

/** One peer and one orderer for each organisation, on the circles of design/health.md section 1. */
export function demoNetwork(): NetworkDefinition {
  return {
    organisations: ORGANISATIONS.map(({ name, mspId }) => ({
      name,
      mspId,
      domain: `${name}.test`,
      peers: 1,
      orderers: 1,
    })),
    channels: (['care', 'consortium'] as const).map((name) => ({
      name,
      members: [...CIRCLES[name]],
      contracts: [{ name: HEALTH_CONTRACT, version: '1.0', endorsement: ENDORSEMENT[name] }],
      schedule: 'round-robin',
    })),
  };
}
