export * from './auth/index.ts';
export * from './config/index.ts';
export * from './observe/index.ts';
export type * from './ports.ts';
export type { RestLimits, ServerContext } from './rest/context.ts';
export { buildServer } from './rest/server.ts';
