/** Fabric's limit for one message, in both directions (comm.DefaultMaxRecvMsgSize). */
export const MAX_MESSAGE_BYTES = 100 * 1024 * 1024;

/** Fabric's peer.keepalive, and General.Keepalive of its orderers. */
export const KEEPALIVE_INTERVAL_MS = 7_200_000;
export const KEEPALIVE_TIMEOUT_MS = 20_000;

/**
 * Fabric's peer.limits.concurrency: calls of one service at a time at one node. Fabric does not limit discovery and orderers; here
 * they are. */
export const MAX_CONCURRENT_CALLS: Readonly<Record<string, number>> = {
  '/protos.Endorser': 2500,
  '/protos.Deliver': 2500,
  '/gateway.Gateway': 500,
  '/discovery.Discovery': 500,
  '/orderer.AtomicBroadcast': 2500,
};

/** Of one connection: what all services of a node together allow. */
export const MAX_STREAMS_PER_CONNECTION = 6000;

/** Requests of one stream that wait for their answers; beyond it no more are read from the connection. */
export const MAX_UNANSWERED_REQUESTS = 16;
