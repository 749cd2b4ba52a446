export { directoryCopy, identifiersOf } from './directory.ts';
export {
  plainResource,
  resourceText,
  servedText,
  withId,
  withoutServedMeta,
  withServedMeta,
} from './exact.ts';
export { areLabelsPossible } from './label-check.ts';
export {
  CATEGORY_SYSTEM,
  CONFIDENTIALITY_SYSTEM,
  labelRecord,
  labelReferences,
  SENSITIVITY_SYSTEM,
  withLabels,
} from './labels.ts';
export { ownershipOf } from './ownership.ts';
export { localReference, referencesIn, rewriteLinks } from './references.ts';
export type { ExactObject, ExactResource, PlainResource } from './resource.ts';
export { initialiseValidation } from './schema.ts';
export { type Kind, RESOURCE_TYPES, type TypeRow, typeRow } from './type-table.ts';
export { validate } from './validate.ts';
