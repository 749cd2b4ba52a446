import { setTimeout as delay } from 'node:timers/promises';
import {
  contractErrorOf,
  createHealthClient,
  type ContractError,
  type HealthClient,
} from '@healthchain/contracts';
import { utf8 } from '@healthchain/core';
import { nativeSigner } from '@healthchain/ledger';
import type { GatewayEndpoint, KeyPair } from '../context.ts';
import { ExchangeError } from '../error.ts';
import { isDivided } from './failures.ts';
import { GatewayPool } from './pool.ts';
import { LedgerSession } from './session.ts';
import { submitAfresh } from './submit.ts';

/**
 * A contract client of one identity outside a running exchange: founding, administration, tools. The contract's refusals are
 * ContractErrors, everything else is an ExchangeError.
 */
export function openHealthClient(options: {
  readonly mspId: string;
  readonly channel: string;
  readonly gateways: readonly GatewayEndpoint[];
  readonly keyPair: KeyPair;
}): HealthClient {
  const { channel, gateways, mspId, keyPair } = options;
  const members = gateways.map((gateway) => gateway.mspId);
  const pool = new GatewayPool(gateways, [{ name: channel, members }], () => new Date());
  const session = new LedgerSession(pool, channel, {
    identity: { mspId, credentials: utf8(keyPair.certificate) },
    signer: nativeSigner(keyPair.privateKey),
  });
  return createHealthClient({
    evaluate: (name, args) => session.evaluate(name, args).catch(rethrow),
    submit: (name, args, transient) => {
      const submit = () => submitAfresh(session, name, args, transient === undefined ? {} : { transient });
      return patiently(submit).catch(rethrow);
    },
  });
}

/** A step often follows another organisation's: what a peer does not know yet is asked again for a moment. */
const PATIENCE_MS = 3_000;
const PAUSE_MS = 50;

async function patiently<T>(attempt: () => Promise<T>): Promise<T> {
  const giveUp = Date.now() + PATIENCE_MS;
  for (;;) {
    try {
      return await attempt();
    } catch (error) {
      const code = refusalOf(error)?.code;
      const isUnknown = code === 'NOT_FOUNDED' || code?.endsWith('_UNKNOWN') === true;
      if (!(isUnknown || isDivided(error)) || Date.now() > giveUp) throw error;
      await delay(PAUSE_MS);
    }
  }
}

function rethrow(error: unknown): never {
  throw refusalOf(error) ?? error;
}

function refusalOf(error: unknown): ContractError | undefined {
  if (!(error instanceof ExchangeError) || typeof error.details['contract'] !== 'string') return undefined;
  return contractErrorOf(`${error.details['contract']}: ${error.message}`);
}
