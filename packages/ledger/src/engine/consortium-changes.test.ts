import { afterEach, describe, expect, it } from 'vitest';
import { channelConfigFromBlock, type Consenter } from '../config/index.ts';
import { checkOrdering } from '../ordering/index.ts';
import { verifyChain } from '../verify/index.ts';
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

  it('that would leave nobody to order are refused, whoever signs them', async () => {
    network = await startTestNetwork();
    const { engine } = network;
    const consenters = channelConfigFromBlock(engine.network.genesis('care')).consenters;
    const [first, second] = consenters as [Consenter, Consenter];
    const order = (some: readonly Consenter[]) =>
      engine.updateConfig('care', { kind: 'authorities', consenters: some });
    await expect(order([])).rejects.toThrowError(refused(/names no consenter/));
    await expect(order([...consenters, { ...first, id: 4 }])).rejects.toThrowError(
      refused(/two consenters have one certificate/),
    );
    await expect(order([first, { ...second, id: first.id }])).rejects.toThrowError(
      refused(/two consenters have one number/),
    );
    await expect(order([{ ...first, mspId: 'SouthMSP' }, second])).rejects.toMatchObject({ code: 'REFUSED' });
    const rule = "OutOf(1,'NorthMSP.orderer')";
    await expect(
      engine.updateConfig('care', { kind: 'policy', level: 'orderer', name: 'BlockValidation', rule }),
    ).rejects.toThrowError(refused(/BlockValidation is not the quorum of its consenters/));
    await (await network.contract()).submitTransaction('put', 'a', '1');
  });

  it('that revoke an authority’s certificate leave the others to order', async () => {
    network = await startTestNetwork();
    const { engine } = network;
    const revoke = (mspId: string, node: string) =>
      engine.revokeCertificate({ mspId, certificate: engine.network.nodeKeys(node).certificate });
    await revoke('SouthMSP', 'orderer0.south');
    const contract = await network.contract();
    for (let i = 0; i < 6; i++) await contract.submitTransaction('put', `k${i}`, '1');
    await expect(revoke('NorthMSP', 'orderer0.north')).rejects.toThrowError(
      refused(/1 of its 3 consenters have valid certificates, a block needs 2/),
    );
    await contract.submitTransaction('put', 'b', '1');
    const [peer] = await engine.status();
    const blocks = await Promise.all(
      Array.from({ length: peer?.channels[0]?.height ?? 0 }, (_, i) =>
        engine.block('peer0.north', 'care', i),
      ),
    );
    expect(await verifyChain({ blocks: each(blocks), ordering: checkOrdering })).toMatchObject({ ok: true });
  });
});

async function* each(blocks: readonly Uint8Array[]): AsyncGenerator<Uint8Array> {
  yield* blocks;
}
