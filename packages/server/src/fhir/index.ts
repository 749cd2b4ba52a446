export { categorise, type CategoriesOf, categoryReferences } from './categories.ts';
export { directoryCopy, identifiersOf } from './directory.ts';
export { FhirError, type FhirErrorCode } from './errors.ts';
export {
  MAX_BODY_BYTES,
  plainResource,
  readJson,
  readResource,
  resourceText,
  withId,
  withoutServedMeta,
  withServedMeta,
} from './exact.ts';
export {
  CATEGORY_SYSTEM,
  CONFIDENTIALITY_SYSTEM,
  labelRecord,
  labelReferences,
  type Labelling,
  type LabelsOf,
  SENSITIVITY_SYSTEM,
  withLabels,
} from './labels.ts';
export { type Ownership, ownershipOf } from './ownership.ts';
export { type LocalReference, localReference, referencesIn, rewriteLinks } from './references.ts';
export type { ExactObject, ExactResource, PlainObject, PlainResource } from './resource.ts';
export { type Subset, subsetOf } from './subset.ts';
export { type Kind, RESOURCE_TYPES, type TypeRow, typeRow } from './type-table.ts';
export { initialiseValidation } from './schema.ts';
export type { Issue } from './issues.ts';
export { validate } from './validate.ts';
