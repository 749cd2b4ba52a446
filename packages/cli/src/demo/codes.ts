import { icd10, loinc, snomed, type Measurement } from './resources.ts';

/** Codes of the cast, all from sets free to redistribute. */
export const PROBLEMS = {
  diabetes: icd10('E11.9', 'Type 2 diabetes mellitus without complications'),
  hypertension: icd10('I10', 'Essential (primary) hypertension'),
  asthma: icd10('J45.9', 'Asthma, unspecified'),
  fracture: icd10('S52.5', 'Fracture of lower end of radius'),
  pneumonia: icd10('J18.9', 'Pneumonia, unspecified organism'),
  heartFailure: icd10('I50.9', 'Heart failure, unspecified'),
  depression: icd10('F32.1', 'Moderate depressive episode'),
  alcohol: icd10('F10.2', 'Mental and behavioural disorders due to use of alcohol: dependence syndrome'),
  hypothyroidism: icd10('E03.9', 'Hypothyroidism, unspecified'),
  migraine: icd10('G43.9', 'Migraine, unspecified'),
  lowBackPain: icd10('M54.5', 'Low back pain'),
} as const;

export const SUBSTANCES = {
  metformin: snomed('372567009', 'Metformin'),
  lisinopril: snomed('386873009', 'Lisinopril'),
  salbutamol: snomed('372897005', 'Salbutamol'),
  penicillin: snomed('373270004', 'Penicillin'),
  furosemide: snomed('387475002', 'Furosemide'),
  sertraline: snomed('372594008', 'Sertraline'),
  levothyroxine: snomed('710809001', 'Levothyroxine'),
  ibuprofen: snomed('387207008', 'Ibuprofen'),
} as const;

export const VACCINES = {
  influenza: snomed('1181000221105', 'Influenza virus antigen only vaccine product'),
  tetanus: snomed('863911006', 'Clostridium tetani antigen-containing vaccine product'),
} as const;

/** HbA1c and eGFR are measured in different units at the two hospitals, as they are between real ones. */
export const hba1cPercent = (value: number): Measurement => ({
  code: loinc('4548-4', 'Hemoglobin A1c/Hemoglobin.total in Blood'),
  value,
  unit: '%',
  low: 4,
  high: 5.6,
});
export const hba1cMmolMol = (value: number): Measurement => ({
  code: loinc('59261-8', 'Hemoglobin A1c/Hemoglobin.total in Blood by IFCC protocol'),
  value,
  unit: 'mmol/mol',
  low: 20,
  high: 38,
});
export const egfrPerArea = (value: number): Measurement => ({
  code: loinc('62238-1', 'Glomerular filtration rate/1.73 sq M.predicted (CKD-EPI)'),
  value,
  unit: 'mL/min/{1.73_m2}',
  low: 60,
});
export const egfrAbsolute = (value: number): Measurement => ({
  code: loinc('50044-7', 'Glomerular filtration rate predicted among females'),
  value,
  unit: 'mL/s',
  low: 1,
});
export const glucose = (value: number): Measurement => ({
  code: loinc('2345-7', 'Glucose [Mass/volume] in Serum or Plasma'),
  value,
  unit: 'mg/dL',
  low: 70,
  high: 99,
});
export const potassium = (value: number): Measurement => ({
  code: loinc('2823-3', 'Potassium [Moles/volume] in Serum or Plasma'),
  value,
  unit: 'mmol/L',
  low: 3.5,
  high: 5.1,
});
export const hemoglobin = (value: number): Measurement => ({
  code: loinc('718-7', 'Hemoglobin [Mass/volume] in Blood'),
  value,
  unit: 'g/dL',
  low: 12,
  high: 17,
});
export const weight = (value: number): Measurement => ({
  code: loinc('29463-7', 'Body weight'),
  value,
  unit: 'kg',
});
export const systolic = (value: number): Measurement => ({
  code: loinc('8480-6', 'Systolic blood pressure'),
  value,
  unit: 'mm[Hg]',
});
export const heartRate = (value: number): Measurement => ({
  code: loinc('8867-4', 'Heart rate'),
  value,
  unit: '/min',
});
export const DISCHARGE_SUMMARY = loinc('18842-5', 'Discharge summary');
