import {
  PROBLEMS,
  SUBSTANCES,
  VACCINES,
  glucose,
  heartRate,
  hemoglobin,
  potassium,
  systolic,
  weight,
} from './codes.ts';
import type { Random } from './random.ts';
import {
  condition,
  encounter,
  immunization,
  medicationRequest,
  observation,
  patient,
  type CastEntry,
  type Measurement,
} from './resources.ts';
import type { Story, StoryContext } from './story.ts';

/** The persons of the cast who have no story of their own; with the named seven there are sixty. */
export const BACKGROUND_PERSONS = 53;
/** Of these, known to both hospitals; with Maria and Lee there are twenty-five. */
export const KNOWN_TO_BOTH = 23;

const FAMILIES = [
  'Almeida',
  'Bauer',
  'Castro',
  'Dubois',
  'Eriksen',
  'Ferrari',
  'Garcia',
  'Horvat',
  'Ivanov',
  'Jensen',
  'Kowalski',
  'Larsen',
  'Meyer',
  'Novak',
  'Olsen',
  'Petrov',
  'Quinn',
  'Rossi',
  'Silva',
  'Tanaka',
  'Ueda',
  'Varga',
  'Wagner',
  'Yilmaz',
  'Zimmer',
] as const;
const GIVEN = {
  female: ['Alice', 'Berta', 'Chiara', 'Daria', 'Elin', 'Freya', 'Greta', 'Hana', 'Ines', 'Julia'],
  male: ['Adam', 'Boris', 'Carlo', 'David', 'Emil', 'Felix', 'Georg', 'Hugo', 'Ivan', 'Jonas'],
} as const;
const LABORATORY: readonly ((random: Random) => Measurement)[] = [
  (random) => glucose(random.integer(72, 140)),
  (random) => potassium(random.integer(34, 52) / 10),
  (random) => hemoglobin(random.integer(110, 165) / 10),
];
const VITAL_SIGNS: readonly ((random: Random) => Measurement)[] = [
  (random) => weight(random.integer(520, 1040) / 10),
  (random) => systolic(random.integer(108, 158)),
  (random) => heartRate(random.integer(54, 96)),
];
const ORDINARY_PROBLEMS = [
  PROBLEMS.hypertension,
  PROBLEMS.asthma,
  PROBLEMS.pneumonia,
  PROBLEMS.migraine,
  PROBLEMS.lowBackPain,
  PROBLEMS.diabetes,
];
const ORDINARY_MEDICATION = [
  SUBSTANCES.lisinopril,
  SUBSTANCES.salbutamol,
  SUBSTANCES.ibuprofen,
  SUBSTANCES.levothyroxine,
  SUBSTANCES.metformin,
];

/** Five to ten years of ordinary care for each. */
export function backgroundStories(context: StoryContext): Story[] {
  return Array.from({ length: BACKGROUND_PERSONS }, (_, number) => backgroundStory(context, number));
}

function backgroundStory(context: StoryContext, number: number): Story {
  const { random, time } = context;
  const gender = random.pick(['female', 'male'] as const);
  const identity = {
    family: random.pick(FAMILIES),
    given: random.pick(GIVEN[gender]),
    gender,
    birthDate: time.dateAgo(random.integer(20 * 365, 88 * 365)),
    nationalId: `demo-${String(number).padStart(4, '0')}`,
  };
  const home = number % 2 === 0 ? 'north' : 'south';
  const away = home === 'north' ? 'south' : 'north';
  const years = random.integer(5, 10);
  const first = careAt(context, { key: `p${number}-${home}`, hospital: home, mrn: number, identity, years });
  const steps = [{ do: 'write' as const, as: doctorOf(home, number), entries: first }];
  if (number < KNOWN_TO_BOTH) {
    const second = careAt(context, {
      key: `p${number}-${away}`,
      hospital: away,
      mrn: number,
      identity,
      years: 2,
    });
    steps.push({ do: 'write', as: doctorOf(away, number), entries: second });
  }
  return { name: `person ${number + 1}`, steps };
}

function careAt(
  { random, time }: StoryContext,
  input: {
    readonly key: string;
    readonly hospital: 'north' | 'south';
    readonly mrn: number;
    readonly identity: Omit<Parameters<typeof patient>[0], 'mrn'>;
    readonly years: number;
  },
): CastEntry[] {
  const { key: subject, hospital } = input;
  const mrn = `${hospital.charAt(0).toUpperCase()}-${3000 + input.mrn}`;
  const entries: CastEntry[] = [{ key: subject, resource: patient({ ...input.identity, mrn }) }];
  const add = (resource: CastEntry['resource']): void => {
    entries.push({ key: `${subject}-${entries.length}`, resource });
  };
  add(condition(subject, random.pick(ORDINARY_PROBLEMS), time.dateAgo(input.years * 365)));
  add(
    medicationRequest(
      subject,
      random.pick(ORDINARY_MEDICATION),
      time.dateAgo(input.years * 360),
      'As directed',
    ),
  );
  add(
    immunization(
      subject,
      random.pick([VACCINES.influenza, VACCINES.tetanus]),
      time.ago(random.integer(30, 1500)),
    ),
  );
  for (let year = 0; year < input.years; year++) {
    const days = year * 365 + random.integer(1, 360);
    const visit = `${subject}-visit-${year}`;
    entries.push({
      key: visit,
      resource: encounter({
        subject,
        start: time.ago(days, 10),
        end: time.ago(days, 11),
        kind: 'AMB',
        reason: 'Check-up',
        provider: hospital,
      }),
    });
    add(
      observation({
        subject,
        at: time.ago(days),
        category: 'laboratory',
        measured: random.pick(LABORATORY)(random),
        encounter: visit,
      }),
    );
    add(
      observation({
        subject,
        at: time.ago(days),
        category: 'laboratory',
        measured: random.pick(LABORATORY)(random),
        encounter: visit,
      }),
    );
    add(
      observation({
        subject,
        at: time.ago(days),
        category: 'vital-signs',
        measured: random.pick(VITAL_SIGNS)(random),
        encounter: visit,
      }),
    );
  }
  return entries;
}

function doctorOf(hospital: 'north' | 'south', number: number): string {
  return hospital === 'north' ? (number % 4 === 0 ? 'nina' : 'omar') : number % 3 === 0 ? 'sofia' : 'sven';
}
