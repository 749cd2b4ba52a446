import type { Profiler } from 'node:inspector';

/** The steps of one thread's work, each with the code that does it. A sample counts for the innermost frame that a row names. */
export type Steps = readonly (readonly [step: string, code: RegExp])[];

export const SERVER_STEPS: Steps = [
  [
    'http',
    /node:_http|node:net|\/node_modules\/(fastify|pino|sonic-boom)\/|\/server\/src\/(rest|auth|observe)\//,
  ],
  ['validate', /\/server\/src\/(fhir|rest\/write)\//],
  ['access', /\/server\/src\/exchange\/(decide|state)\.ts|\/custody\/src\/log\//],
  ['seal', /\/server\/src\/exchange\/write\/assemble\.ts/],
  ['outbox', /\/server\/src\/exchange\/write\/outbox\.ts/],
  ['propose', /\/server\/src\/exchange\/sessions\/|\/node_modules\/@hyperledger\/fabric-gateway\//],
  ['follow', /\/server\/src\/exchange\/follower\//],
  ['apply', /\/server\/src\/exchange\/facts\//],
  ['ingest', /\/server\/src\/exchange\/custody\/|\/custody\/src\/custodian\/(intake|ingest)\.ts/],
  ['messages', /\/ledger\/src\/(engine\/worker|gateway\/client)/],
];

export const ENGINE_STEPS: Steps = [
  ['gateway', /\/ledger\/src\/gateway\//],
  ['endorse', /\/ledger\/src\/peer\/|\/contracts\/src\//],
  ['order', /\/ledger\/src\/ordering\//],
  ['verify', /\/ledger\/src\/(crypto\/verifier|engine\/coalesce)/],
  ['check', /\/ledger\/src\/(validation|peer\/committer)/],
  ['files', /\/ledger\/src\/storage\//],
  ['messages', /\/ledger\/src\/engine\/(engine\.worker|worker-protocol)/],
];

/** What V8 samples as functions of their own. */
const V8_STEPS: Readonly<Record<string, string | undefined>> = {
  '(garbage collector)': 'garbage',
  '(idle)': undefined,
};

/** Shares out the CPU time of a thread by where its samples fell; waiting counts for nothing. */
export function cpuBySteps(
  profile: Profiler.Profile,
  cpuMs: number,
  steps: Steps,
): ReadonlyMap<string, number> {
  const stepOf = stepsOfNodes(profile, steps);
  const sampled = new Map<string, number>();
  profile.samples?.forEach((node, i) => {
    const step = stepOf.get(node);
    if (step !== undefined) sampled.set(step, (sampled.get(step) ?? 0) + (profile.timeDeltas?.[i] ?? 0));
  });
  const whole = [...sampled.values()].reduce((sum, share) => sum + share, 0);
  return new Map([...sampled].map(([step, share]) => [step, (share / whole) * cpuMs]));
}

/** Parents come before their children in a profile; a node whose frame no row names is of its parent's step. */
function stepsOfNodes(profile: Profiler.Profile, steps: Steps): ReadonlyMap<number, string | undefined> {
  const inherited = new Map<number, string>();
  const found = new Map<number, string | undefined>();
  for (const { id, callFrame, children } of profile.nodes) {
    const { functionName, url } = callFrame;
    const own = steps.findLast(([, code]) => code.test(url))?.[0];
    const step = own ?? inherited.get(id) ?? 'other';
    found.set(id, Object.hasOwn(V8_STEPS, functionName) ? V8_STEPS[functionName] : step);
    for (const child of children ?? []) inherited.set(child, step);
  }
  return found;
}
