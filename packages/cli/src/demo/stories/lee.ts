import { PROBLEMS, SUBSTANCES, heartRate } from '../codes.ts';
import { allergy, condition, encounter, medicationRequest, observation, patient } from '../resources.ts';
import type { Story, StoryContext } from '../story.ts';

/** A penicillin allergy known at North; unconscious at South. */
export function lee({ time }: StoryContext): Story {
  const identity = {
    family: 'Chang',
    given: 'Lee',
    gender: 'male',
    birthDate: '1979-01-30',
    nationalId: '19790130-4417',
  } as const;
  return {
    name: 'Lee',
    steps: [
      {
        do: 'write',
        as: 'omar',
        entries: [
          { key: 'lee-north', resource: patient({ ...identity, mrn: 'N-1005' }) },
          {
            key: 'lee-allergy',
            resource: allergy('lee-north', SUBSTANCES.penicillin, 'high', time.ago(2100)),
          },
          { key: 'lee-asthma', resource: condition('lee-north', PROBLEMS.asthma, time.dateAgo(4000)) },
          {
            key: 'lee-salbutamol',
            resource: medicationRequest(
              'lee-north',
              SUBSTANCES.salbutamol,
              time.dateAgo(300),
              '2 puffs when needed',
            ),
          },
        ],
      },
      { do: 'bind', user: 'lee', patient: 'lee-north', circle: 'care' },
      {
        do: 'write',
        as: 'sofia',
        entries: [
          { key: 'lee-south', resource: patient({ ...identity, mrn: 'S-2290' }) },
          {
            key: 'lee-emergency',
            resource: encounter({
              subject: 'lee-south',
              start: time.ago(0, 2),
              kind: 'EMER',
              reason: 'Found unconscious',
              provider: 'south',
            }),
          },
          {
            key: 'lee-pulse',
            resource: observation({
              subject: 'lee-south',
              at: time.ago(0, 2),
              category: 'vital-signs',
              measured: heartRate(118),
              encounter: 'lee-emergency',
            }),
          },
        ],
      },
      { do: 'look', as: 'sofia', path: 'AllergyIntolerance?patient=@lee-south' },
      { do: 'break-glass', as: 'sofia', patient: 'lee-south', reason: 'UNCONSCIOUS' },
      { do: 'look', as: 'sofia', path: 'AllergyIntolerance?patient=@lee-south' },
    ],
  };
}
