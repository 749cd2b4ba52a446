/** The part of fabric-shim's ChaincodeStub that the contract of the suite uses. */
export interface Stub {
  getArgs(): string[];
  getTxID(): string;
  getChannelID(): string;
  getCreator(): { mspid: string; idBytes: Uint8Array };
  getDateTimestamp(): Date;
  getTransient(): Map<string, Uint8Array>;
  getBinding(): string | undefined;
  getState(key: string): Promise<Uint8Array>;
  putState(key: string, value: Uint8Array): Promise<void>;
  deleteState(key: string): Promise<void>;
  setStateValidationParameter(key: string, policy: Uint8Array): Promise<void>;
  getStateValidationParameter(key: string): Promise<Uint8Array | undefined>;
  getStateByRange(start: string, end: string): Promise<Rows>;
  getStateByRangeWithPagination(start: string, end: string, size: number, bookmark?: string): Promise<Page>;
  getStateByPartialCompositeKey(type: string, attributes: string[]): Promise<Rows>;
  getStateByPartialCompositeKeyWithPagination(
    type: string,
    attributes: string[],
    size: number,
    bookmark?: string,
  ): Promise<Page>;
  createCompositeKey(type: string, attributes: string[]): string;
  splitCompositeKey(key: string): { objectType: string; attributes: string[] };
  getHistoryForKey(key: string): Promise<Iterator<Modification>>;
  getQueryResult(query: string): Promise<Rows>;
  invokeChaincode(name: string, args: string[], channel: string): Promise<Answer>;
  setEvent(name: string, payload: Uint8Array): void;
}

export interface Answer {
  readonly status: number;
  readonly message: string;
  readonly payload: Uint8Array;
}

interface Iterator<Row> {
  next(): Promise<{ value?: Row; done: boolean }>;
  close(): Promise<void>;
}
type Rows = Iterator<{ key: string; value: Uint8Array }>;
interface Page {
  iterator: Rows;
  /** Absent when the page is empty: its message has no bytes then. */
  metadata?: { fetchedRecordsCount: number; bookmark: string };
}
interface Modification {
  txId: string;
  isDelete: boolean;
  value: Uint8Array;
  timestamp: { seconds: { toString(): string } | number; nanos: number };
}

/** One step of a script: the name of an entry of {@link STEPS} and its arguments. */
export type Step = { [Name in keyof Steps]: readonly [Name, ...Parameters<Steps[Name]>] }[keyof Steps];
type Steps = ReturnType<typeof stepsOf>;

const bytes = (text: string) => Buffer.from(text);
const text = (value: Uint8Array | undefined) =>
  value === undefined || value.length === 0 ? null : Buffer.from(value).toString();

async function all<Row>(iterator: Iterator<Row>): Promise<Row[]> {
  const rows: Row[] = [];
  for (let step = await iterator.next(); ; step = await iterator.next()) {
    if (step.value !== undefined) rows.push(step.value);
    if (step.done) break;
  }
  await iterator.close();
  return rows;
}

const pairs = async (iterator: Rows) =>
  (await all(iterator)).map(({ key, value }) => [key, text(value)] as const);

async function page({ iterator, metadata }: Page) {
  const { fetchedRecordsCount, bookmark } = metadata ?? { fetchedRecordsCount: 0, bookmark: '' };
  return {
    rows: await pairs(iterator),
    count: fetchedRecordsCount,
    bookmark,
    hasMetadata: metadata !== undefined,
  };
}

/** A write answers with nothing, whatever the shim's promise holds. */
async function written(write: Promise<unknown>): Promise<void> {
  await write;
}

/** The steps a script may be made of, over one stub. Bytes cross as base64, values and transient data as text. */
function stepsOf(stub: Stub, args: readonly string[]) {
  return {
    get: async (key: string) => text(await stub.getState(key)),
    put: async (key: string, value: string) => written(stub.putState(key, bytes(value))),
    /** A value of `size` times the letter x. */
    putSized: async (key: string, size: number) => written(stub.putState(key, Buffer.alloc(size, 'x'))),
    /** `count` keys `<prefix>000`, `<prefix>001` … */
    fill: async (prefix: string, count: number) => {
      for (let index = 0; index < count; index += 1) {
        await stub.putState(`${prefix}${String(index).padStart(3, '0')}`, bytes(String(index)));
      }
    },
    /** A value that differs from endorser to endorser. */
    putRandom: async (key: string) => written(stub.putState(key, bytes(String(Math.random())))),
    delete: async (key: string) => written(stub.deleteState(key)),
    setPolicy: async (key: string, policy: string) =>
      written(stub.setStateValidationParameter(key, Buffer.from(policy, 'base64'))),
    getPolicy: async (key: string) => {
      const policy = await stub.getStateValidationParameter(key);
      return policy === undefined || policy.length === 0 ? null : Buffer.from(policy).toString('base64');
    },
    range: async (start: string, end: string) => pairs(await stub.getStateByRange(start, end)),
    /** How many rows the range brings. */
    count: async (start: string, end: string) => (await all(await stub.getStateByRange(start, end))).length,
    page: async (start: string, end: string, size: number, bookmark: string) =>
      page(await stub.getStateByRangeWithPagination(start, end, size, bookmark)),
    composite: async (type: string, attributes: string[]) => stub.createCompositeKey(type, attributes),
    split: async (key: string) => stub.splitCompositeKey(key),
    putComposite: async (type: string, attributes: string[], value: string) =>
      written(stub.putState(stub.createCompositeKey(type, attributes), bytes(value))),
    partial: async (type: string, attributes: string[]) =>
      pairs(await stub.getStateByPartialCompositeKey(type, attributes)),
    partialPage: async (type: string, attributes: string[], size: number, bookmark: string) =>
      page(await stub.getStateByPartialCompositeKeyWithPagination(type, attributes, size, bookmark)),
    history: async (key: string) =>
      (await all(await stub.getHistoryForKey(key))).map(({ txId, isDelete, value, timestamp }) => ({
        txId,
        isDelete,
        value: text(value),
        seconds: Number(timestamp.seconds.toString()),
      })),
    query: async (query: string) => pairs(await stub.getQueryResult(query)),
    call: async (name: string, script: readonly unknown[], channel: string) => {
      const answer = await stub.invokeChaincode(name, ['run', JSON.stringify(script)], channel);
      return { status: answer.status, message: answer.message, payload: text(answer.payload) };
    },
    event: async (name: string, payload: string) => stub.setEvent(name, bytes(payload)),
    transient: async (name: string) => text(stub.getTransient().get(name)),
    txId: async () => stub.getTxID(),
    channel: async () => stub.getChannelID(),
    creator: async () => ({ mspId: stub.getCreator().mspid, certificate: text(stub.getCreator().idBytes) }),
    timestamp: async () => stub.getDateTimestamp().toISOString(),
    binding: async () => stub.getBinding() ?? null,
    args: async () => args,
    fail: async (message: string): Promise<never> => {
      throw new Error(message);
    },
    /** Answers after `ms` milliseconds. */
    wait: async (ms: number) => void (await new Promise((done) => setTimeout(done, ms))),
  };
}

/** Runs the steps in order and answers with one result each; the first that fails fails the transaction. */
export async function runScript(
  stub: Stub,
  script: readonly Step[],
  args: readonly string[],
): Promise<unknown[]> {
  const steps = stepsOf(stub, args) as Record<string, (...args: unknown[]) => Promise<unknown>>;
  const results: unknown[] = [];
  for (const [name, ...rest] of script) {
    const step = Object.hasOwn(steps, name) ? steps[name] : undefined;
    if (step === undefined) throw new Error(`unknown step ${name}`);
    results.push((await step(...rest)) ?? null);
  }
  return results;
}
