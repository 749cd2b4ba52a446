import { isDeepStrictEqual } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually } from './support/eventually.ts';
import { startProgram, type Program } from './support/program.ts';
import { patient, recordOf } from './support/resources.ts';

const MEMBERS = ['NorthMSP', 'SouthMSP', 'AuthorityMSP', 'EastMSP'];
const POLICY = `OutOf(2,${MEMBERS.map((mspId) => `'${mspId}.peer'`).join(',')})`;

interface Status {
  readonly servers: readonly { readonly organisation: string; readonly ready: boolean }[];
  readonly nodes: readonly {
    readonly organisation: string;
    readonly part: string;
    readonly heights: Readonly<Record<string, number>>;
  }[];
}

let program: Program;
let patientId: string;

beforeAll(async () => {
  program = await startProgram();
  const nina = await program.client('nina');
  const { text } = await nina.expect('POST', 'Patient', JSON.stringify(patient('Change', '19900101-0004')));
  ({ id: patientId } = JSON.parse(text) as { id: string });
}, 120_000);
afterAll(() => program?.close());

const status = async () => JSON.parse(await program.expect('status', '--json')) as Status;
const heightsIn = ({ nodes }: Status, part: string, organisation: string) =>
  nodes.find((node) => node.part === part && node.organisation === organisation)?.heights;
const heightsOf = async (part: string, organisation: string) => heightsIn(await status(), part, organisation);

/** Custodians write checkpoints meanwhile, so heights are compared until they are of one moment. */
async function isLevel(part: string, organisation: string): Promise<void> {
  await eventually('the same blocks', async () => {
    const shown = await status();
    const heights = heightsIn(shown, part, organisation);
    const isSame = isDeepStrictEqual(heights, heightsIn(shown, 'peer', 'north'));
    return heights !== undefined && isSame ? true : undefined;
  });
}

async function writes(what: string): Promise<void> {
  const nina = await program.client('nina');
  await nina.expect('POST', 'Observation', JSON.stringify(recordOf('Observation', patientId, what)));
}

async function refusal(...args: readonly string[]): Promise<string> {
  const { code, stderr } = await program.run(...args);
  expect(code).toBe(1);
  return stderr;
}

describe('a hospital', () => {
  it('does not come in by one administrator’s word', async () => {
    const said = await refusal('org', 'add', 'east', '--kind', 'hospital', '--signed-by', 'north');
    expect(said).toContain('policy for [Group]  /Channel/Application not satisfied');
    expect(await heightsOf('peer', 'east')).toBeUndefined();
  });

  it('comes in by the majority’s, its peer with all blocks', async () => {
    const by = ['--signed-by', 'north,south,authority'];
    await program.expect('org', 'add', 'east', '--kind', 'hospital', '--title', 'East Hospital', ...by);
    await isLevel('peer', 'east');
    await writes('with a fourth member');
  });

  it('endorses by the contract’s next definition, which needs the majority’s approvals', async () => {
    const upgrade = ['contract', 'upgrade', '--version', '1.1', '--policy', POLICY, '--channel', 'care'];
    expect(await refusal(...upgrade, '--signed-by', 'east')).toMatch(/approved by EastMSP, not by/);
    await program.expect(...upgrade, '--signed-by', 'north,south');
    await writes('under the next definition');
  });
});

describe('authorities', () => {
  it('stay while they are needed', async () => {
    expect(await refusal('authority', 'remove', 'south')).toContain('would be left with 2 authorities');
  });

  it('change while records are written', async () => {
    await program.expect('authority', 'add', 'east');
    await writes('ordered by four');
    await program.expect('authority', 'remove', 'south');
    await writes('ordered without south');
    await isLevel('orderer', 'east');
    expect(await heightsOf('orderer', 'south')).toEqual({});
  });
});

describe('after the next start', () => {
  it('the hospital has a server and keeps shares, and everything verifies', async () => {
    await program.stop();
    await program.start();
    const { servers } = await status();
    expect(servers.find(({ organisation }) => organisation === 'east')).toMatchObject({ ready: true });
    await writes('with shares in the east');
    expect(await refusal('org', 'remove', 'east')).toContain('custodian');
    expect(await program.expect('verify')).toMatch(/peer0\.east\s+care/);
  });
});
