import { PROBLEMS, SUBSTANCES, weight } from '../codes.ts';
import {
  condition,
  encounter,
  medicationRequest,
  observation,
  patient,
  type Resource,
} from '../resources.ts';
import type { Story, StoryContext } from '../story.ts';

/** Psychiatric and substance-use records; his own GP is denied. */
export function sam({ time }: StoryContext): Story {
  const subject = 'sam-north';
  return {
    name: 'Sam',
    steps: [
      {
        do: 'write',
        as: 'omar',
        entries: [
          {
            key: subject,
            resource: patient({
              family: 'Okafor',
              given: 'Sam',
              gender: 'male',
              birthDate: '1985-11-02',
              mrn: 'N-1002',
              nationalId: '19851102-5513',
            }),
          },
          {
            key: 'sam-visit',
            resource: encounter({
              subject,
              start: time.ago(40, 11),
              end: time.ago(40, 12),
              kind: 'AMB',
              reason: 'Follow-up',
              provider: 'north',
            }),
          },
          { key: 'sam-depression', resource: condition(subject, PROBLEMS.depression, time.dateAgo(900)) },
          { key: 'sam-alcohol', resource: condition(subject, PROBLEMS.alcohol, time.dateAgo(1200)) },
          {
            key: 'sam-sertraline',
            resource: medicationRequest(
              subject,
              SUBSTANCES.sertraline,
              time.dateAgo(890),
              '50 mg in the morning',
            ),
          },
          {
            key: 'sam-weight',
            resource: observation({
              subject,
              at: time.ago(40),
              category: 'vital-signs',
              measured: weight(81.5),
            }),
          },
          { key: 'sam-note', resource: condition(subject, PROBLEMS.migraine, time.dateAgo(41)) },
        ],
      },
      { do: 'bind', user: 'sam', patient: subject, circle: 'care' },
      { do: 'amend', as: 'omar', key: 'sam-note', change: enteredInError },
      {
        do: 'consent',
        as: 'sam',
        key: 'sam-denies-nina',
        consent: {
          patient: subject,
          type: 'deny',
          grantee: 'nina',
          rights: ['read'],
          categories: '*',
          purposes: ['TREAT'],
          days: 3650,
        },
      },
      { do: 'look', as: 'nina', path: `Condition?patient=@${subject}` },
    ],
  };
}

function enteredInError(resource: Resource): Resource {
  const { clinicalStatus: _, ...rest } = resource;
  const coding = [
    { system: 'http://terminology.hl7.org/CodeSystem/condition-ver-status', code: 'entered-in-error' },
  ];
  return { ...rest, resourceType: resource.resourceType, verificationStatus: { coding } };
}
