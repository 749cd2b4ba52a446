export { DISCOVER } from './discovery.ts';
export { createGatewayClient, type GatewayClient } from './client.ts';
export type { GatewayNetwork, OrdererEndpoint } from './network.ts';
export { METHODS, ordererService, peerService, type NodeService } from './service.ts';
export { Code } from './status.ts';
export {
  localTransport,
  type CallEvents,
  type CallRequest,
  type CallStatus,
  type CallTarget,
  type CallTransport,
  type OpenCall,
} from './transport.ts';
