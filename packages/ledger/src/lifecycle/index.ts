export { approvalPreimages } from './approval.ts';
export {
  implicitCollection,
  LIFECYCLE,
  lifecyclePolicy,
  mspOfImplicitCollection,
  readDefinition,
  type ChaincodeDefinition,
} from './definition.ts';
export { invokeLifecycle } from './invoke.ts';
export type { LifecycleAnswer, LifecycleStub } from './types.ts';
