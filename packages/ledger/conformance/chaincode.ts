import type { Answer, Step, Stub } from './script.ts';
import { runScript } from './script.ts';

const fail = (message: string): Answer => ({ status: 500, message, payload: new Uint8Array() });
const ok = (value: unknown): Answer => ({
  status: 200,
  message: '',
  payload: Buffer.from(JSON.stringify(value)),
});

/**
 * The contract of the suite. `run` takes a JSON list of steps and answers with the list of their results, so that each case
 * says itself what its transaction reads and writes. It runs unchanged under fabric-shim and under the embedded engine.
 */
export const chaincode = {
  async Init(): Promise<Answer> {
    return ok([]);
  },

  async Invoke(stub: Stub): Promise<Answer> {
    const [name, script, ...rest] = stub.getArgs();
    if (name !== 'run' || script === undefined) return fail(`unknown function ${name}`);
    try {
      return ok(await runScript(stub, JSON.parse(script) as Step[], rest));
    } catch (error) {
      return fail(error instanceof Error ? error.message : String(error));
    }
  },
};
