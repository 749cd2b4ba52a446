import { CONFIDENTIALITIES, type RecordLabels } from '@healthchain/core';
import { categoryReferences } from './categories.ts';
import { FhirError } from './errors.ts';
import { CATEGORY_SYSTEM, labelRecord, RULES_VERSION } from './labels.ts';
import { codingsOf, isObject, type PlainResource } from './resource.ts';

/**
 * Could these be the record's labels, as far as the record alone tells? What it inherits from others is not known here, so more
 * than it shows is always possible. Of a record that says that another version of the rules labelled it, nothing is denied.
 */
export function areLabelsPossible(resource: PlainResource, labels: RecordLabels): boolean {
  if (isLabelledByOtherRules(resource)) return true;
  const shown = labelsShown(resource);
  if (shown === undefined) return false;
  const isWhole = categoryReferences(resource).length === 0;
  return (
    (!isWhole || shown.categories.join() === labels.categories.join()) &&
    shown.sensitivities.every((code) => labels.sensitivities.includes(code)) &&
    rankOf(shown.confidentiality) <= rankOf(labels.confidentiality)
  );
}

/** Undefined: no server would have written it. */
function labelsShown(resource: PlainResource): RecordLabels | undefined {
  try {
    return labelRecord(resource, { labelsOf: () => undefined });
  } catch (error) {
    if (error instanceof FhirError) return undefined;
    throw error;
  }
}

function isLabelledByOtherRules({ meta }: PlainResource): boolean {
  const tags = isObject(meta) ? codingsOf(meta['tag']) : [];
  return tags.some(
    ({ system, version }) => system === CATEGORY_SYSTEM && version !== undefined && version !== RULES_VERSION,
  );
}

function rankOf(level: RecordLabels['confidentiality']): number {
  return CONFIDENTIALITIES.indexOf(level);
}
