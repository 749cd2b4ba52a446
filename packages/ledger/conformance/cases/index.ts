import type { Case } from '../case.ts';
import { aclCases } from './acl.ts';
import { callCases } from './calls.ts';
import { concurrencyCases } from './concurrency.ts';
import { configurationCases } from './configuration.ts';
import { deliverCases } from './deliver.ts';
import { duplicateCases } from './duplicates.ts';
import { endorsementCases } from './endorsement.ts';
import { eventCases } from './events.ts';
import { expiryCases } from './expiry.ts';
import { faultCases } from './faults.ts';
import { gatewayCases } from './gateway.ts';
import { identityCases } from './identity.ts';
import { lifecycleCases } from './lifecycle.ts';
import { malformedCases } from './malformed.ts';
import { memberCases } from './members.ts';
import { queryCases } from './queries.ts';
import { stubCases } from './stub.ts';
import { systemCases } from './system.ts';

/** The list that every engine runs, in this order. */
export const CASES: readonly Case[] = [
  ...gatewayCases,
  ...concurrencyCases,
  ...duplicateCases,
  ...identityCases,
  ...endorsementCases,
  ...callCases,
  ...malformedCases,
  ...stubCases,
  ...queryCases,
  ...eventCases,
  ...deliverCases,
  ...systemCases,
  ...configurationCases,
  ...lifecycleCases,
  ...aclCases,
  ...memberCases,
  ...faultCases,
  ...expiryCases,
];
