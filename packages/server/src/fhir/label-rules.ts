import type { Sensitivity } from '@healthchain/core';

/** Rises with every change of the rules, so that it can be told by which a record was labelled. */
export const LABEL_RULES_VERSION = 1;

/** Code systems by the form of their codes. CPT stands for HCPCS level II as well. */
export type CodeFamily = 'icd10' | 'icd9' | 'snomed' | 'loinc' | 'rxnorm' | 'cpt';

/**
 * What marks a record as sensitive. Codes are separated by white space; `A50-A64` and `81400-81479` are ranges. In ICD an entry covers
 * the codes below it (`O98.7` covers `O98.71`, written with the point or without); elsewhere an entry is one code. `terms` are looked for in displays, texts and narratives.
 *
 * The HIV antibody and antigen codes were compared with public value sets; the other lists have not been reviewed by a clinician and
 * need to be before real use. They are compact on purpose: what they miss, an author raises through meta.security.
 */
export type SensitivityRule = Readonly<Partial<Record<CodeFamily, string>>> & { readonly terms: RegExp };

export const LABEL_RULES: Readonly<Record<Sensitivity, SensitivityRule>> = {
  HIV: {
    icd10: 'B20-B24 B97.35 F02.4 O98.7 R75 Z11.4 Z20.6 Z21 Z29.81 Z71.7',
    icd9: '042 043 044 079.53 795.71 V08 V65.44',
    snomed: `86406008 62479008 91947003 111880001 165816005 165815009 278977008 40780007 79019005 402916007 81000119104
      103408004 103411003 103412005 103413000 103414006 19030005 171121004 31676001 315124004 444356002 365866002 76981000119106
      398329009 420721002 416729007 402915006 186706006 235009000 87117006 15928141000119107`,
    loinc: `7917-8 7918-6 7919-4 5220-9 5221-7 5222-5 5223-3 5224-1 5225-8 9660-2 9661-0 9662-8 9663-6 9664-4 9665-1 9666-9
      9667-7 9668-5 9669-3 9821-0 9836-8 9837-6 10351-5 10901-7 10902-5 11078-3 11079-1 11080-9 11081-7 11082-5 12855-3 12856-1
      12857-9 12858-7 12859-5 12870-2 12871-0 12872-8 12875-1 12876-9 12893-4 12894-2 12895-9 13499-9 13920-4 14092-1 14126-7
      16132-3 16974-8 16975-5 16976-3 16977-1 16978-9 16979-7 18396-2 19110-6 20447-9 21007-0 21008-8 21009-6 21331-4 21332-2
      21334-8 21335-5 21336-3 21337-1 21338-9 21339-7 21340-5 22356-0 22357-8 22358-6 23876-6 24012-7 24013-5 25835-0 25836-8
      25841-8 25842-6 28004-0 28052-9 29327-4 29539-4 29541-0 29893-5 30245-5 30361-0 31072-2 31073-0 31201-7 31430-2 32571-2
      32602-5 32827-8 32842-7 33508-3 33630-5 33660-2 33806-1 33807-9 33866-5 34591-8 34592-6 34699-9 35437-3 35438-1 35439-9
      35440-7 35441-5 35442-3 35443-1 35444-9 35445-6 35446-4 35447-2 35448-0 35449-8 35450-6 35452-2 35564-4 35565-1 38998-1
      40437-6 40438-4 40439-2 40732-0 40733-8 41143-9 41144-7 41145-4 41290-8 41513-3 41514-1 41515-8 41516-6 42339-2 42600-7
      42627-0 42768-2 42917-5 43008-2 43009-0 43010-8 43011-6 43012-4 43013-2 43185-8 43599-0 44531-2 44532-0 44533-8 44607-0
      44871-2 44872-0 44873-8 45212-8 47029-4 47244-9 47359-5 48345-3 48346-1 48510-2 48511-0 48551-6 48552-4 48558-1 48559-9
      49483-1 49573-9 49580-4 49718-0 49890-7 49905-3 49965-7 50624-6 51786-2 51866-2 53379-4 53601-1 53798-5 53825-6 53923-9
      54086-4 56888-1 57974-8 57975-5 57976-3 57977-1 57978-9 58900-2 59052-1 59419-2 61199-6 62456-9 62469-2 68961-2 69353-1
      69354-9 69668-2 70241-5 73905-2 73906-0 75622-1 75666-8 77368-9 77369-7 77685-6 80203-3 80387-4 81641-3 81652-0 83101-6
      85037-0 85686-4 86233-4 86547-7 86548-5 86657-4 88212-6 88543-4 88544-2 89365-1 89374-3`,
    rxnorm: `276237 1433868 460132 195085 190521 11413 53654 343047 719872 1102270 1999667 195088 475969 620216 352007 1721603
      117466 300195 68244 83395 114289 134527 2120107`,
    cpt: `86689 86701 86702 86703 87389 87390 87391 87534 87535 87536 87537 87538 87539 87806 87900 87901 87903 87904 87906
      G0432 G0433 G0435 G0475 S3645 J0739 J0741`,
    terms:
      /\bHIV(?![a-z])|human immunodeficiency vir|acquired immun(?:e|o) ?-?deficiency|anti-?retroviral|emtricitabine|dolutegravir|bictegravir|efavirenz|abacavir|raltegravir|darunavir|atazanavir|rilpivirine|cabotegravir|nevirapine|zidovudine|lopinavir|elvitegravir|\btruvada|\bdescovy|\bbiktarvy|\bgenvoya|\btriumeq|\batripla/i,
  },
  ETH: {
    icd10: `F10-F19 G31.2 G62.1 G72.1 I42.6 K29.2 K70 K85.2 K86.0 O35.4 O99.31 O99.32 P04.4 P96.1 R78.0 R78.1 R78.2 R78.3 R78.4
      R78.5 T40 X65 Y90 Y91 Z50.2 Z50.3 Z71.4 Z71.5 Z72.1 Z72.2`,
    icd9: '291 292 303 304 305.0 305.2 305.3 305.4 305.5 305.6 305.7 305.8 305.9',
    snomed: `7200002 66590003 15167005 26416006 191816009 66214007 5602001 75544000 78267003 31956009 37344009 85005007 21647008
      84758004 228388006 10939881000119105 6525002 145121000119106 55680006 20093000 56876005 266707007 310653000 428211000124100
      763302001 868187001 413473000 425741009`,
    loinc: `3426-4 3397-7 3879-4 19295-5 18282-4 14314-5 19261-7 5640-8 5643-2 5645-7 72109-2 75626-2 75624-7 82666-9 82667-7
      74013-4 11331-6 11343-1`,
    rxnorm: '1819 7243 6813 3554 82819 352364 1010600 1010604 1010608',
    cpt: `99408 99409 G0396 G0397 H0001 H0005 H0006 H0007 H0008 H0009 H0010 H0011 H0012 H0013 H0014 H0015 H0016 H0020 G2067 G2068
      G2069 G2070 G2071 G2072 G2073 G2074 G2075 G2076 G2077 G2078 G2079 G2080 J0571 J0572 J0573 J0574 J0575 J2315`,
    terms:
      /alcoholism|alcohol(?:ic)? (?:abuse|dependen|use disorder|withdrawal|intoxication)|(?:substance|drug) (?:abuse|use disorder|misuse|dependen|addict)|(?:opioid|cocaine|cannabis|heroin|amphetamine) (?:abuse|use|dependen|addict)|\bAUDIT-C\b|\bDAST-10\b|naltrexone|buprenorphine|\bmethadone|disulfiram|acamprosate/i,
  },
  PSY: {
    icd10: 'F20-F99 R45.85 T14.91 X60-X84 Z13.3 Z91.5',
    icd9: '295 296 297 298 299 300 301 307 308 309 311 312 313 314 V62.84',
    snomed: `370143000 35489007 36923009 66344007 310495003 310496002 310497006 197480006 21897009 48694002 371631005 47505003
      58214004 13746004 192127007 406506008 191736004 72366004 56882008 78004001 408856003 20010003 33449004 69322001 82313006
      6471006 86849004 287185009 287182007 287193009 287191006 44301001 75516001 228557008 88848003 90407005 183401008 386522008
      171207006 454711000124102 715252007 720433000 1376001 444175001`,
    loinc: '44249-1 44261-6 55758-7 70274-6 69737-5 89204-2 71354-5 73831-0 89206-7',
    rxnorm: `5093 2626 6448 4493 6901 38400 36437 51272 61381 35636 89013 321988 2556 1091392 608139 315952`,
    cpt: `90785 90791 90792 90832 90833 90834 90836 90837 90838 90839 90840 90845 90846 90847 90849 90853 90870 96127 G0444 H2011
      H2012 H2013`,
    terms:
      /(?<!\bST )(?<!\bsegment )(?<!respiratory )(?<!marrow )\bdepress(?:ion|ive)\b|schizophren|bipolar (?:disorder|affective)|psychosis|psychotic|psychiatr|psychotherap|suicid|self[- ]harm|post[- ]?traumatic stress|panic disorder|\banxiety\b|obsessive[- ]compulsive|personality disorder|anorexia nervosa|bulimia|attention deficit|\bPHQ-[29]\b|\bGAD-7\b/i,
  },
  SDV: {
    icd10: 'O9A.3 O9A.4 O9A.5 T74 T76 Y05 Y06 Y07 Z04.4 Z04.7 Z61.4 Z61.5 Z61.6 Z62.81 Z69 Z91.41',
    icd9: '995.5 995.80 995.81 995.82 995.83 V61.11 V61.21',
    snomed: '706893006 397940009 422608009 248110007 866148006 371776003',
    loinc: '76499-3 76500-8 76501-6 76502-4 76503-2 76504-0 95618-5',
    terms:
      /domestic (?:abuse|violence)|intimate partner|sexual(?:ly)? (?:assault|abuse)|\brape[ds]?\b|child abuse|battered/i,
  },
  SEX: {
    icd10: 'F52 F64-F66 N46 N48.4 N52 N97 O04 O07 Z30 Z31 Z33.2 Z64.0 Z70 Z72.5 Z87.890',
    icd9: '302 606 607.84 628 635 V25 V26',
    snomed: `169553002 65200003 46706006 301807007 714812005 386394001 10383002 6738008 2904007 15296000 860914002 287664005
      22523008 93461009`,
    loinc: '76690-7 76691-5',
    cpt: '59840 59841 59850 59851 59852 59855 59856 59857 59866 58300 58301 55250 S0190 S0199',
    terms:
      /contracepti|\babortion|termination of pregnancy|erectile|infertil|gender dysphoria|transgender|vasectomy|intrauterine device|sexual (?:dysfunction|orientation)/i,
  },
  STD: {
    icd10: 'A50-A64 B97.7 O98.1 O98.2 O98.3 Z11.3 Z20.2 Z22.4',
    icd9: '090 091 092 093 094 095 096 097 098 099 054.1 078.11 131 V01.6 V74.5',
    snomed:
      '8098009 76272004 15628003 105629000 240589008 33839006 266113007 56335008 310861008 165829005 269828009',
    loinc: `20507-0 20508-8 5292-8 5291-0 11084-1 24312-1 21613-5 43304-5 6349-5 21415-5 43305-2 24111-7 43403-5 43404-3 691-6
      21440-3 59420-0 36902-5`,
    cpt: '86592 86593 86780 87490 87491 87492 87590 87591 87592 87810 87850',
    terms:
      /sexually transmitted|syphilis|gonorrh|chlamydia|genital herpes|genital warts|trichomon|\bSTDs?\b|\bVDRL\b/i,
  },
  GDIS: {
    icd10: 'D57 D66 D67 E84 G10 Q90-Q99 Z13.7 Z14 Z15 Z31.43 Z31.44 Z31.5 Z84.81',
    icd9: '277.0 282.6 286.0 333.4 758 V83 V84 V26.3',
    snomed: '190905008 127040003 417357006 58756001 412734009 412738007 41040004 67799006 444260001',
    loinc: '51969-4 81247-9 69548-6 48018-6 48004-6 48002-0 53037-8 51963-7 55233-1 21636-6',
    cpt: '81162-81167 81170-81383 81400-81479',
    terms:
      /genetic (?:test|disease|disorder|counsel|variant)|\bBRCA[12]\b|huntington'?s? disease|cystic fibrosis|sickle[- ]cell|down syndrome|trisomy/i,
  },
};

/** `AIDS` only in capitals: hearing aids are no diagnosis. */
export const AIDS = /\bAIDS\b/;

/** Families by code system; a system that is not here is looked up in every family but ICD-9. */
export const FAMILIES: Readonly<Record<string, CodeFamily>> = {
  'http://loinc.org': 'loinc',
  'urn:oid:2.16.840.1.113883.6.1': 'loinc',
  'http://snomed.info/sct': 'snomed',
  'urn:oid:2.16.840.1.113883.6.96': 'snomed',
  'http://hl7.org/fhir/sid/icd-10': 'icd10',
  'http://hl7.org/fhir/sid/icd-10-cm': 'icd10',
  'http://hl7.org/fhir/sid/icd-10-gm': 'icd10',
  'http://fhir.de/CodeSystem/bfarm/icd-10-gm': 'icd10',
  'urn:oid:2.16.840.1.113883.6.90': 'icd10',
  'urn:oid:2.16.840.1.113883.6.3': 'icd10',
  'http://hl7.org/fhir/sid/icd-9-cm': 'icd9',
  'http://hl7.org/fhir/sid/icd-9': 'icd9',
  'urn:oid:2.16.840.1.113883.6.103': 'icd9',
  'http://www.nlm.nih.gov/research/umls/rxnorm': 'rxnorm',
  'urn:oid:2.16.840.1.113883.6.88': 'rxnorm',
  'http://www.ama-assn.org/go/cpt': 'cpt',
  'https://bluebutton.cms.gov/resources/codesystem/hcpcs': 'cpt',
  'http://www.cms.gov/Medicare/Coding/HCPCSReleaseCodeSets': 'cpt',
  'urn:oid:2.16.840.1.113883.6.12': 'cpt',
};
