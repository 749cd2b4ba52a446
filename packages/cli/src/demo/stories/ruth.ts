import { PROBLEMS, SUBSTANCES, potassium } from '../codes.ts';
import { condition, encounter, medicationRequest, observation, patient } from '../resources.ts';
import type { Story, StoryContext } from '../story.ts';

/** 84; her daughter holds a grant that she may pass on, and passed part of it on to a nurse of South. */
export function ruth({ time }: StoryContext): Story {
  const subject = 'ruth-north';
  return {
    name: 'Ruth',
    steps: [
      {
        do: 'write',
        as: 'nina',
        entries: [
          {
            key: subject,
            resource: patient({
              family: 'Weiss',
              given: 'Ruth',
              gender: 'female',
              birthDate: '1942-06-03',
              mrn: 'N-1006',
              nationalId: '19420603-0098',
            }),
          },
          {
            key: 'ruth-visit',
            resource: encounter({
              subject,
              start: time.ago(12, 10),
              end: time.ago(12, 11),
              kind: 'AMB',
              reason: 'Shortness of breath',
              provider: 'north',
            }),
          },
          { key: 'ruth-failure', resource: condition(subject, PROBLEMS.heartFailure, time.dateAgo(700)) },
          {
            key: 'ruth-furosemide',
            resource: medicationRequest(
              subject,
              SUBSTANCES.furosemide,
              time.dateAgo(690),
              '40 mg in the morning',
            ),
          },
          {
            key: 'ruth-potassium',
            resource: observation({
              subject,
              at: time.ago(12),
              category: 'laboratory',
              measured: potassium(3.8),
              encounter: 'ruth-visit',
            }),
          },
        ],
      },
      { do: 'bind', user: 'ruth', patient: subject, circle: 'care' },
      {
        do: 'consent',
        as: 'ruth',
        key: 'ruth-to-dora',
        consent: {
          patient: subject,
          type: 'permit',
          grantee: 'dora',
          rights: ['read', 'authorise'],
          categories: '*',
          purposes: ['PATRQT', 'TREAT'],
          days: 730,
        },
      },
      {
        do: 'consent',
        as: 'dora',
        key: 'dora-to-nora',
        consent: {
          patient: subject,
          type: 'permit',
          grantee: 'nora',
          rights: ['read'],
          categories: ['medication', 'problems'],
          purposes: ['TREAT'],
          days: 90,
          parent: 'ruth-to-dora',
        },
      },
      { do: 'look', as: 'dora', path: `Condition?patient=@${subject}` },
      { do: 'look', as: 'nora', path: `MedicationRequest?patient=@${subject}` },
    ],
  };
}
