export { approvalPreimages, type ApprovalPreimage } from './approval.ts';
export {
  implicitCollection,
  LIFECYCLE,
  lifecyclePolicy,
  mspOfImplicitCollection,
  readDefinition,
  type ChaincodeDefinition,
  type ChaincodeParameters,
} from './definition.ts';
export { invokeLifecycle } from './invoke.ts';
export type { LifecycleAnswer, LifecycleContext, LifecycleStub, StateRow } from './types.ts';
