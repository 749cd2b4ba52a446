import { expect, it } from 'vitest';
import { Code, type CallEvents, type CallStatus } from '../gateway/index.ts';
import { limited } from './concurrency.ts';
import { MAX_CONCURRENT_CALLS } from './limits.ts';

const LIMIT = MAX_CONCURRENT_CALLS['/gateway.Gateway'] ?? 0;
const SUCCESS: CallStatus = { code: Code.OK, message: '', details: undefined };

/** A node whose calls end when the test says so. */
function startNode() {
  const open: CallEvents[] = [];
  const nothing = () => undefined;
  const transport = limited({
    open(_request, events) {
      open.push(events);
      return { write: nothing, finish: nothing, cancel: nothing, pause: nothing, resume: nothing };
    },
  });
  return {
    open,
    /** Starts a call; its end, if it has one already. */
    call(method: string): CallStatus | undefined {
      let ended: CallStatus | undefined;
      const request = { target: { node: 'peer0.north' }, method, kind: 'unary' } as const;
      transport.open(
        { ...request, request: new Uint8Array(), deadline: Number.POSITIVE_INFINITY, session: 1 },
        {
          message: nothing,
          end: (status) => {
            ended = status;
          },
        },
      );
      return ended;
    },
  };
}

it('refuses a call beyond the limit of its service, in Fabric’s words, until another has ended', () => {
  const node = startNode();
  for (let i = 0; i < LIMIT; i++) expect(node.call('/gateway.Gateway/CommitStatus')).toBeUndefined();
  expect(node.call('/gateway.Gateway/Evaluate')).toEqual({
    code: Code.UNKNOWN,
    message: `too many requests for /gateway.Gateway, exceeding concurrency limit (${LIMIT})`,
    details: undefined,
  });
  node.open[0]?.end(SUCCESS);
  expect(node.call('/gateway.Gateway/Evaluate')).toBeUndefined();
  expect(node.call('/gateway.Gateway/Evaluate')).toBeDefined();
});

it('counts each service by itself', () => {
  const node = startNode();
  for (let i = 0; i < LIMIT; i++) node.call('/gateway.Gateway/CommitStatus');
  expect(node.call('/protos.Endorser/ProcessProposal')).toBeUndefined();
});
