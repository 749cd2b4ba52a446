// One contract as a service: a process of its own beside an organisation's peer, started by the network with its address,
// package id, module and export name as arguments.
process.env['CORE_CHAINCODE_LOGGING_LEVEL'] ??= 'error';
process.env['CORE_CHAINCODE_LOGGING_SHIM'] ??= 'error';

/** Fabric's own limit for one message between a peer and its chaincode. */
const MAX_MESSAGE_BYTES = 100 * 1024 * 1024;

/** What the package exports; its own type declarations put `server` elsewhere and demand TLS. */
interface Shim {
  server(
    chaincode: object,
    options: { ccid: string; address: string; [grpc: `grpc.${string}`]: number },
  ): { start(): Promise<void> };
}

const { default: shim } = (await import('fabric-shim')) as unknown as { default: Shim };
const [address, packageId, module, name] = process.argv.slice(2);
if (address === undefined || packageId === undefined || module === undefined || name === undefined) {
  throw new Error('usage: chaincode.worker.ts <address> <package id> <module URL> <export>');
}

const chaincode = ((await import(module)) as Record<string, object | undefined>)[name];
if (chaincode === undefined) throw new Error(`${module} exports no ${name}`);
const limits = {
  'grpc.max_receive_message_length': MAX_MESSAGE_BYTES,
  'grpc.max_send_message_length': MAX_MESSAGE_BYTES,
} as const;
await shim.server(chaincode, { ccid: packageId, address, ...limits }).start();
