import { afterEach, describe, expect, it } from 'vitest';
import { startTestNetwork, type TestNetwork } from './testing.ts';

const refused = (what: RegExp) =>
  expect.objectContaining({ code: 'REFUSED', message: expect.stringMatching(what) as string }) as Error;

let network: TestNetwork;
afterEach(() => network?.close());

describe('a contract’s next definition', () => {
  it('needs the majority’s approvals, which may come one by one', async () => {
    network = await startTestNetwork();
    const upgrade = { channel: 'care', contract: 'kv', version: '2.0' };
    await expect(
      network.engine.upgradeContract({ ...upgrade, approvedBy: ['NorthMSP'] }),
    ).rejects.toThrowError(refused(/approved by NorthMSP, not by/));
    const contract = await network.contract();
    await contract.submitTransaction('put', 'a', '1');
    const report = await network.engine.upgradeContract({ ...upgrade, approvedBy: ['SouthMSP'] });
    expect(report).toEqual({
      sequence: 2,
      approvals: { NorthMSP: true, SouthMSP: true, AuthorityMSP: false },
    });
    await contract.submitTransaction('put', 'a', '2');
    await network.restart();
    await network.engine.deploy();
    const next = await network.engine.upgradeContract({ ...upgrade, version: '3.0' });
    expect(next).toMatchObject({ sequence: 3, approvals: { AuthorityMSP: true } });
  });

  it('makes what was endorsed under the one before invalid', async () => {
    network = await startTestNetwork();
    const contract = await network.contract();
    const proposal = contract.newProposal('put', { arguments: ['a', '1'] });
    const transaction = await proposal.endorse();
    await network.engine.upgradeContract({ channel: 'care', contract: 'kv', version: '2.0' });
    const status = await (await transaction.submit()).getStatus();
    expect(status).toMatchObject({ successful: false, code: 11 });
  });
});

describe('configuration updates', () => {
  it('that change nothing, or that another one has overtaken, are refused', async () => {
    network = await startTestNetwork();
    const { engine } = network;
    const batch = (maxMessageCount: number) =>
      engine.updateConfig('care', { kind: 'batch', limits: { maxMessageCount } });
    await batch(10);
    await expect(batch(10)).rejects.toMatchObject({ code: 'CONFIG_REFUSED' });
    const outcomes = await Promise.allSettled([batch(20), batch(30)]);
    expect(outcomes.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected']);
    expect(outcomes.find(({ status }) => status === 'rejected')).toMatchObject({
      reason: { code: 'REFUSED' },
    });
  });

  it('change policies and capabilities', async () => {
    network = await startTestNetwork();
    const { engine } = network;
    const rule = "OutOf(1,'AuthorityMSP.admin')";
    await engine.updateConfig('care', { kind: 'policy', level: 'orderer', name: 'Admins', rule });
    const batch = { kind: 'batch', limits: { maxMessageCount: 10 } } as const;
    await expect(engine.updateConfig('care', batch, ['NorthMSP', 'SouthMSP'])).rejects.toThrowError(
      refused(/Orderer.* not satisfied/),
    );
    await engine.updateConfig('care', batch, ['AuthorityMSP']);
    await expect(
      engine.updateConfig('care', { kind: 'capabilities', level: 'application', names: ['V9_0'] }),
    ).rejects.toThrowError(refused(/V9_0 is not supported/));
  });
});
