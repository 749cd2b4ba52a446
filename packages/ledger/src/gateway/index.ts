export { createGatewayClient, type GatewayClient } from './client.ts';
export type { GatewayNetwork, OrdererEndpoint } from './network.ts';
export { GatewayService } from './service.ts';
export {
  localTransport,
  type CallEvents,
  type CallRequest,
  type CallStatus,
  type CallTransport,
  type OpenCall,
} from './transport.ts';
