import type { Story } from '../story.ts';

/** A grant that expires tomorrow, and a nurse who looked at a neighbour. */
export function everydayAccesses(): Story {
  return {
    name: 'everyday accesses',
    steps: [
      {
        do: 'consent',
        as: 'maria',
        key: 'maria-to-sven',
        consent: {
          patient: 'maria-north',
          type: 'permit',
          grantee: 'sven',
          rights: ['read'],
          categories: ['laboratory'],
          purposes: ['TREAT'],
          days: 1,
        },
      },
      { do: 'look', as: 'sven', path: 'Observation?patient=@maria-south&category=laboratory' },
      { do: 'look', as: 'nina', path: 'Observation?patient=@maria-north' },
      { do: 'look', as: 'noah', path: 'Condition?patient=@maria-north' },
      { do: 'look', as: 'nora', path: 'Observation?patient=@maria-north' },
      { do: 'look', as: 'petra', path: 'AuditEvent?patient=@maria-north' },
    ],
  };
}
