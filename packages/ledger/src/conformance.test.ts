import { afterAll, beforeAll, describe, it } from 'vitest';
import { CASES } from '../conformance/cases/index.ts';
import { embeddedTarget } from '../conformance/embedded-target.ts';
import { exceptionsOf } from '../conformance/exceptions.ts';
import { EMBEDDED } from '../conformance/target.ts';
import type { Target } from '../conformance/target.ts';

/** The list that also passes on Fabric (`npm run test:conformance -- --engine fabric`), on the embedded engine in process. */
describe('the embedded engine behaves as Fabric', () => {
  let target: Target | undefined;
  beforeAll(async () => {
    target = await embeddedTarget('inproc');
  });
  afterAll(() => target?.close());

  const exceptions = new Set(exceptionsOf(EMBEDDED).map((each) => each.case));
  for (const { name, source, run } of CASES) {
    it.skipIf(exceptions.has(name))(`${name} [${source}]`, async () => {
      if (target === undefined) throw new Error('the engine did not start');
      await run(target);
    });
  }
});
