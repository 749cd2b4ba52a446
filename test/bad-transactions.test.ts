import { GatewayError, type Contract, type Gateway, type Transaction } from '@hyperledger/fabric-gateway';
import { contractErrorOf } from '@healthchain/contracts';
import { makeReady, type CastLedger } from '@healthchain/contracts/testing';
import { randomPersonId } from '@healthchain/core';
import { ValidationCode } from '@healthchain/ledger';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  foreignIdentity,
  startContractNetwork,
  type ContractNetwork,
  type Enrolment,
  type Identity,
} from './support/contract-network.ts';
import { GatewayLedger } from './support/gateway-ledger.ts';
import { peerStates } from './support/ledger-state.ts';
import { altered, dated, spoil } from './support/raw-transactions.ts';

/** What somebody with a gateway of their own might send, each with a real certificate. Nothing of it changes a row at any peer. */
const CHANNEL = 'care';
const SECOND_MS = 1_000;

let network: ContractNetwork;
let ledger: CastLedger;
let server: Identity;

beforeAll(async () => {
  network = await startContractNetwork([CHANNEL]);
  ledger = new GatewayLedger(network, CHANNEL);
  await makeReady(ledger);
  server = await identityOf({ role: 'server' });
});

afterAll(() => network.close());

interface Wanted extends Partial<Pick<Enrolment, 'mspId' | 'notAfter'>> {
  readonly role: string;
  readonly userId?: string;
}

function enrolmentOf({ role, userId = randomPersonId(), mspId = 'NorthMSP', notAfter }: Wanted): Enrolment {
  return { mspId, attributes: { role, userId }, ...(notAfter === undefined ? {} : { notAfter }) };
}

function identityOf(wanted: Wanted): Promise<Identity> {
  return network.enroll(enrolmentOf(wanted));
}

function contractOf(gateway: Gateway): Contract {
  return gateway.getNetwork(CHANNEL).getContract('health');
}

function registration(gateway: Gateway, endorsers?: readonly string[]) {
  const argument = JSON.stringify({ personId: randomPersonId() });
  return contractOf(gateway).newProposal('persons:Register', {
    arguments: [argument],
    ...(endorsers === undefined ? {} : { endorsingOrganizations: [...endorsers] }),
  });
}

/** Every text that came with a refusal. */
async function refusalOf(call: Promise<unknown>): Promise<string> {
  const error = await call.then(
    () => new Error('it was served'),
    (cause: unknown) => cause,
  );
  expect(error).toBeInstanceOf(GatewayError);
  const { message, details } = error as GatewayError;
  return [message, ...details.map((detail) => detail.message)].join('\n');
}

async function codeOf(transaction: Transaction): Promise<number> {
  const submitted = await transaction.submit();
  return (await submitted.getStatus()).code;
}

/** Blocks that the run added; no row changed at any peer. */
async function unchanged(run: () => Promise<void>): Promise<number> {
  const before = await peerStates(network.engine, CHANNEL);
  await run();
  const after = await peerStates(network.engine, CHANNEL);
  expect(after.rows).toEqual(before.rows);
  return after.height - before.height;
}

describe('an identity that may not', () => {
  const shutOut = async (identity: Identity, text: RegExp): Promise<void> => {
    const gateway = network.gateway(identity, 'NorthMSP');
    const blocks = await unchanged(async () => {
      const list = contractOf(gateway).newProposal('membership:ListOrganisations', { arguments: ['{}'] });
      expect(await refusalOf(list.evaluate())).toMatch(text);
      expect(await refusalOf(registration(gateway).endorse())).toMatch(text);
    });
    expect(blocks).toBe(0);
  };

  it('has an expired certificate', async () => {
    const notAfter = new Date(Date.now() - SECOND_MS);
    await shutOut(await identityOf({ role: 'server', notAfter }), /identity expired/);
  });

  it('has a certificate of a foreign CA under the organisation’s name', async () => {
    await shutOut(await foreignIdentity(enrolmentOf({ role: 'server' })), /access denied: .*creator org/);
  });

  it('has the certificate of another organisation', async () => {
    const south = await identityOf({ role: 'server', mspId: 'SouthMSP' });
    await shutOut({ ...south, mspId: 'NorthMSP' }, /access denied: .*creator org/);
  });

  it('is of an organisation that does not exist', async () => {
    await shutOut({ ...server, mspId: 'WestMSP' }, /access denied: .*creator org/);
  });

  it('signs with another key than its certificate’s', async () => {
    const { privateKey } = await identityOf({ role: 'server' });
    await shutOut({ ...server, privateKey }, /access denied/);
  });

  it('was revoked: neither served, nor ordered with what was endorsed before', async () => {
    const revoked = await identityOf({ role: 'server' });
    const gateway = network.gateway(revoked);
    const [earlier, later] = [await registration(gateway).endorse(), await registration(gateway).endorse()];
    expect(await codeOf(earlier)).toBe(ValidationCode.VALID);
    await network.engine.revokeCertificate(revoked);
    await shutOut(revoked, /access denied: .*creator org/);
    await unchanged(async () => void (await refusalOf(later.submit())));
  });
});

describe('a caller whom the contract refuses', () => {
  const refusedBy = async (wanted: Wanted, code: string): Promise<void> => {
    const gateway = network.gateway(await identityOf(wanted));
    const blocks = await unchanged(async () => {
      const text = await refusalOf(registration(gateway).endorse());
      expect(contractErrorOf(text.split('\n').find((line) => contractErrorOf(line)) ?? '')?.code).toBe(code);
    });
    expect(blocks).toBe(0);
  };

  it.each([
    ['a role that no organisation of its kind has', { role: 'regulator' }, 'ROLE_NOT_OF_ORGANISATION'],
    ['a role of a patient at a hospital', { role: 'patient' }, 'ROLE_NOT_OF_ORGANISATION'],
    ['a role of a hospital at the insurer', { role: 'doctor', mspId: 'AcmeMSP' }, 'ROLE_NOT_OF_ORGANISATION'],
    ['a role that may not call this', { role: 'doctor' }, 'ROLE_NOT_PERMITTED'],
    ['a role that does not exist', { role: 'surgeon' }, 'BAD_CERTIFICATE'],
    ['a user id that is none', { role: 'server', userId: 'maria' }, 'BAD_CERTIFICATE'],
  ] as const)('has %s', (_what, wanted, code) => refusedBy(wanted, code));

  it('was suspended, and is served again when reinstated', async () => {
    const userId = randomPersonId();
    const administrator = { mspId: 'NorthMSP', role: 'administrator', userId: randomPersonId() } as const;
    await ledger.call(administrator, 'membership:Suspend', { userId });
    await refusedBy({ role: 'server', userId }, 'USER_SUSPENDED');
    await ledger.call(administrator, 'membership:Reinstate', { userId });
    const again = await registration(network.gateway(await identityOf({ role: 'server', userId }))).endorse();
    expect(again.getTransactionId()).toMatch(/^[0-9a-f]{64}$/);
  });
});

describe('a proposal', () => {
  it.each([
    ['behind', -31],
    ['far behind', -86_400],
    ['ahead', 32],
  ])('whose clock is %s is refused', async (_what, seconds) => {
    const gateway = network.gateway(server);
    const blocks = await unchanged(async () => {
      const late = dated(gateway, registration(gateway), new Date(Date.now() + seconds * SECOND_MS));
      expect(await refusalOf(late.endorse())).toContain('request unauthorized due to incorrect timestamp');
    });
    expect(blocks).toBe(0);
  });
});

describe('a transaction', () => {
  /** The code that every peer gave it, in a block that changed nothing. */
  const invalid = async (make: (gateway: Gateway) => Promise<Transaction>): Promise<string> => {
    const gateway = network.gateway(server);
    let code = -1;
    expect(await unchanged(async () => void (code = await codeOf(await make(gateway))))).toBe(1);
    return Object.entries(ValidationCode).find(([, value]) => value === code)?.[0] ?? String(code);
  };

  it('endorsed by too few changes nothing', async () => {
    const endorsers = ['NorthMSP'];
    expect(await invalid((gateway) => registration(gateway, endorsers).endorse())).toBe(
      'ENDORSEMENT_POLICY_FAILURE',
    );
  });

  const tampering: readonly (readonly [string, Parameters<typeof altered>[2]])[] = [
    [
      'an endorsement that was tampered with',
      ({ endorsed }) => {
        const [first] = endorsed.getEndorsementsList();
        first?.setSignature(spoil(first.getSignature_asU8()));
      },
    ],
    [
      'an endorsement taken out',
      ({ endorsed }) => endorsed.setEndorsementsList(endorsed.getEndorsementsList().slice(0, 1)),
    ],
    [
      'one endorsement twice',
      ({ endorsed }) => {
        const [first] = endorsed.getEndorsementsList();
        if (first !== undefined) endorsed.setEndorsementsList([first, first.clone()]);
      },
    ],
    ['other results than were endorsed', ({ action }) => action.setResults(spoil(action.getResults_asU8()))],
  ];
  it.each(tampering)('with %s changes nothing', async (_what, change) => {
    const made = invalid(async (gateway) => altered(gateway, await registration(gateway).endorse(), change));
    expect(await made).toBe('ENDORSEMENT_POLICY_FAILURE');
  });

  it('with a spoilt signature, or of another signer, is not ordered', async () => {
    const gateway = network.gateway(server);
    const other = network.gateway(await identityOf({ role: 'server' }));
    const transaction = await registration(gateway).endorse();
    const signature = spoil(new Uint8Array(70).fill(1));
    const blocks = await unchanged(async () => {
      await refusalOf(gateway.newSignedTransaction(transaction.getBytes(), signature).submit());
      await refusalOf(other.newTransaction(transaction.getBytes()).submit());
    });
    expect(blocks).toBe(0);
  });

  it('sent again has one outcome, and happens once', async () => {
    const gateway = network.gateway(server);
    const transaction = await registration(gateway).endorse();
    expect(await codeOf(transaction)).toBe(ValidationCode.VALID);
    await unchanged(async () => {
      const again = gateway.newTransaction(transaction.getBytes());
      const submitted = await again.submit().catch((error: unknown) => error);
      if (submitted instanceof GatewayError) return;
      expect(await codeOf(gateway.newTransaction(transaction.getBytes()))).toBe(ValidationCode.VALID);
    });
    const repeated = registration(gateway);
    expect(await codeOf(await repeated.endorse())).toBe(ValidationCode.VALID);
    expect(await refusalOf(repeated.endorse())).toContain('duplicate transaction');
  });
});
