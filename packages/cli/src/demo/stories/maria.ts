import {
  DISCHARGE_SUMMARY,
  PROBLEMS,
  SUBSTANCES,
  VACCINES,
  egfrAbsolute,
  egfrPerArea,
  glucose,
  hba1cMmolMol,
  hba1cPercent,
  systolic,
  weight,
} from '../codes.ts';
import { letter } from '../letter.ts';
import {
  clinicalNote,
  claim,
  condition,
  coverage,
  encounter,
  explanationOfBenefit,
  immunization,
  medicationRequest,
  observation,
  patient,
  type CastEntry,
} from '../resources.ts';
import type { Step, Story, StoryContext, Timeline } from '../story.ts';

const MARIA = {
  family: 'Lindqvist',
  given: 'Maria',
  gender: 'female',
  birthDate: '1968-04-12',
  nationalId: '19680412-2384',
} as const;
const YEARS = 8;

/** Diabetes for eight years, followed at both hospitals in different units; claims paid, part-paid and denied. */
export async function maria(context: StoryContext): Promise<Story> {
  const { time } = context;
  const steps: Step[] = [
    { do: 'write', as: 'nina', entries: await atNorth(context) },
    { do: 'write', as: 'sven', entries: atSouth(context) },
    { do: 'bind', user: 'maria', patient: 'maria-north', circle: 'care' },
    { do: 'write', as: 'anna', entries: atAcme(time) },
    { do: 'bind', user: 'maria', patient: 'maria-acme', circle: 'consortium' },
    { do: 'write', as: 'nina', entries: [result('maria-potassium', 'maria-north', time.ago(3), 5.9)] },
    {
      do: 'amend',
      as: 'nina',
      key: 'maria-potassium',
      change: (resource) => ({ ...resource, status: 'final' }),
    },
    { do: 'amend', as: 'nina', key: 'maria-potassium', change: corrected },
  ];
  return { name: 'Maria', steps };
}

function corrected(resource: { readonly resourceType: string }): { readonly resourceType: string } {
  const changed = {
    status: 'corrected',
    valueQuantity: { value: 4.9, unit: 'mmol/L', system: 'http://unitsofmeasure.org', code: 'mmol/L' },
    note: [{ text: 'Haemolysed sample; repeated.' }],
  };
  return { ...resource, ...changed };
}

function result(key: string, subject: string, at: string, value: number): CastEntry {
  const measured = {
    code: {
      system: 'http://loinc.org',
      code: '2823-3',
      display: 'Potassium [Moles/volume] in Serum or Plasma',
    },
    value,
    unit: 'mmol/L',
    low: 3.5,
    high: 5.1,
  };
  return {
    key,
    resource: observation({ subject, at, category: 'laboratory', measured, status: 'preliminary' }),
  };
}

async function atNorth({ random, time }: StoryContext): Promise<CastEntry[]> {
  const subject = 'maria-north';
  const entries: CastEntry[] = [
    { key: subject, resource: patient({ ...MARIA, mrn: 'N-1001' }) },
    { key: 'maria-diabetes', resource: condition(subject, PROBLEMS.diabetes, time.dateAgo(YEARS * 365)) },
    { key: 'maria-hypertension', resource: condition(subject, PROBLEMS.hypertension, time.dateAgo(1500)) },
    {
      key: 'maria-metformin',
      resource: medicationRequest(
        subject,
        SUBSTANCES.metformin,
        time.dateAgo(YEARS * 365 - 10),
        '500 mg twice a day',
      ),
    },
    {
      key: 'maria-lisinopril',
      resource: medicationRequest(subject, SUBSTANCES.lisinopril, time.dateAgo(1500), '10 mg in the morning'),
    },
    { key: 'maria-influenza', resource: immunization(subject, VACCINES.influenza, time.ago(400)) },
  ];
  for (let visit = 0; visit < YEARS; visit++) {
    const days = visit * 365 + random.integer(5, 60);
    const key = `maria-visit-${visit}`;
    entries.push(
      {
        key,
        resource: encounter({
          subject,
          start: time.ago(days, 9),
          end: time.ago(days, 10),
          kind: 'AMB',
          reason: 'Diabetes review',
          provider: 'north',
        }),
      },
      {
        key: `${key}-hba1c`,
        resource: lab(subject, time.ago(days), hba1cPercent(round(6.2 + visit * 0.15 + random.next())), key),
      },
      {
        key: `${key}-egfr`,
        resource: lab(subject, time.ago(days), egfrPerArea(random.integer(68, 92)), key),
      },
      {
        key: `${key}-glucose`,
        resource: lab(subject, time.ago(days), glucose(random.integer(105, 182)), key),
      },
      {
        key: `${key}-weight`,
        resource: observation({
          subject,
          at: time.ago(days),
          category: 'vital-signs',
          measured: weight(round(78 + random.next() * 6)),
          encounter: key,
        }),
      },
      {
        key: `${key}-pressure`,
        resource: observation({
          subject,
          at: time.ago(days),
          category: 'vital-signs',
          measured: systolic(random.integer(122, 149)),
          encounter: key,
        }),
      },
    );
  }
  return [...entries, await dischargeLetter(time), ...claims(time)];
}

function atSouth({ random, time }: StoryContext): CastEntry[] {
  const subject = 'maria-south';
  const entries: CastEntry[] = [{ key: subject, resource: patient({ ...MARIA, mrn: 'S-2210' }) }];
  for (let visit = 0; visit < 3; visit++) {
    const days = 200 + visit * 365;
    const key = `maria-south-${visit}`;
    entries.push(
      {
        key,
        resource: encounter({
          subject,
          start: time.ago(days, 13),
          end: time.ago(days, 15),
          kind: 'AMB',
          reason: 'Eye and kidney screening',
          provider: 'south',
        }),
      },
      {
        key: `${key}-hba1c`,
        resource: lab(subject, time.ago(days), hba1cMmolMol(random.integer(46, 61)), key),
      },
      {
        key: `${key}-egfr`,
        resource: lab(subject, time.ago(days), egfrAbsolute(round(1.1 + random.next() * 0.4)), key),
      },
    );
  }
  return entries;
}

function atAcme(time: Timeline): CastEntry[] {
  const subject = 'maria-acme';
  const benefit = (
    key: string,
    days: number,
    outcome: 'complete' | 'partial' | 'error',
    submitted: number,
    paid: number,
    disposition: string,
  ): CastEntry => ({
    key,
    resource: explanationOfBenefit({
      subject,
      insurer: 'acme',
      provider: 'north',
      coverage: 'maria-policy',
      created: time.dateAgo(days),
      outcome,
      submitted,
      benefit: paid,
      disposition,
    }),
  });
  return [
    { key: subject, resource: patient({ ...MARIA, mrn: 'A-77120' }) },
    { key: 'maria-policy', resource: coverage(subject, 'acme', 'A-77120', time.dateAgo(3000)) },
    benefit('maria-paid', 360, 'complete', 120, 120, 'Paid in full'),
    benefit('maria-part-paid', 190, 'partial', 340, 200, 'Paid in part: above the agreed tariff'),
    benefit('maria-denied', 30, 'error', 95, 0, 'Denied: not covered by the policy'),
  ];
}

function claims(time: Timeline): CastEntry[] {
  return [
    { key: 'maria-coverage', resource: coverage('maria-north', 'acme', 'A-77120', time.dateAgo(3000)) },
    {
      key: 'maria-claim-1',
      resource: claim('maria-north', 'north', 'acme', time.dateAgo(361), 'maria-coverage', 120),
    },
    {
      key: 'maria-claim-2',
      resource: claim('maria-north', 'north', 'acme', time.dateAgo(191), 'maria-coverage', 340),
    },
    {
      key: 'maria-claim-3',
      resource: claim('maria-north', 'north', 'acme', time.dateAgo(31), 'maria-coverage', 95),
    },
  ];
}

async function dischargeLetter(time: Timeline): Promise<CastEntry> {
  const at = time.ago(720, 16);
  const pdf = await letter(
    'North Hospital: discharge letter',
    [
      'Maria Lindqvist, born 12 April 1968',
      'Admitted for adjustment of diabetes medication.',
      'Metformin continued; HbA1c to be repeated in three months.',
      'Dr Nina Holt',
    ],
    at,
  );
  return {
    key: 'maria-letter',
    resource: clinicalNote('maria-north', at, 'Discharge letter', pdf, DISCHARGE_SUMMARY),
  };
}

function lab(
  subject: string,
  at: string,
  measured: Parameters<typeof observation>[0]['measured'],
  visit: string,
): CastEntry['resource'] {
  return observation({ subject, at, category: 'laboratory', measured, encounter: visit });
}

const round = (value: number): number => Math.round(value * 10) / 10;
