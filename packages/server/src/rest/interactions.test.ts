import { describe, expect, it } from 'vitest';
import { INTERACTIONS } from './interactions.ts';
import { routeOf } from './routing.ts';
import { assertPassed, pass, STEPS, type Visit } from './visit.ts';

describe('the enforcement table', () => {
  it('lists the steps of every interaction in the order of enforcement', () => {
    for (const { name, steps } of INTERACTIONS) {
      expect(steps, name).toEqual(STEPS.filter((step) => steps.includes(step)));
    }
  });

  it('lets nothing but the capability statement pass without caller and purpose', () => {
    const open = INTERACTIONS.filter(
      ({ steps }) => !steps.includes('authenticate') || !steps.includes('purpose'),
    );
    expect(open.map(({ name }) => name)).toEqual(['capabilities']);
  });

  it('lets nothing that shows records pass without a decision, and nothing shown without a statement', () => {
    const shows = INTERACTIONS.filter(({ steps }) => steps.includes('open') || steps.includes('filter'));
    expect(shows.length).toBeGreaterThan(7);
    for (const { name, steps } of shows)
      expect(steps, name).toEqual(expect.arrayContaining(['locate', 'decide', 'state']));
  });

  it('opens no write to an emergency, research or public health', () => {
    for (const { name, steps, purposes } of INTERACTIONS) {
      if (!steps.includes('write') || name === '$break-glass') continue;
      expect(purposes, name).not.toEqual(expect.arrayContaining(['ETREAT']));
      expect(purposes, name).not.toEqual(expect.arrayContaining(['HRESCH']));
      expect(purposes, name).not.toEqual(expect.arrayContaining(['PUBHLTH']));
    }
  });

  it('answers nothing that skipped a step of its row', () => {
    const visit = { interaction: 'read', passed: new Set() } as unknown as Visit;
    pass(visit, 'locate');
    expect(() => assertPassed(visit, ['locate', 'decide', 'state'])).toThrow('read skipped decide, state');
    expect(() => assertPassed(visit, ['locate'])).not.toThrow();
  });
});

describe('routing of entries', () => {
  it.each([
    ['GET', '/Patient', 'search-type'],
    ['GET', '/Patient/1', 'read'],
    ['GET', '/Patient/1/_history', 'history-instance'],
    ['GET', '/Patient/1/_history/2', 'vread'],
    ['GET', '/Patient/_history', 'history-type'],
    ['GET', '/_history', 'history-system'],
    ['GET', '/Patient/1/Observation', 'search-compartment'],
    ['GET', '/Patient/1/$everything', '$everything'],
    ['GET', '/Patient/1/$access-log', '$access-log'],
    ['GET', '/metadata', 'capabilities'],
    ['POST', '/Patient', 'create'],
    ['POST', '/Patient/_search', 'search-type'],
    ['POST', '/Patient/$validate', '$validate'],
    ['POST', '/Patient/$match', '$match'],
    ['POST', '/Patient/1/$break-glass', '$break-glass'],
    ['POST', '/', 'bundle'],
    ['PUT', '/Patient/1', 'update'],
    ['DELETE', '/Patient/1', 'delete'],
  ])('%s %s is %s', (method, pathname, name) => expect(routeOf(method, pathname)?.row.name).toBe(name));

  it.each([
    ['PATCH', '/Patient/1'],
    ['GET', '/Observation/1/Patient'],
    ['GET', '/Patient/$everything'],
    ['GET', '/patient/1'],
    ['POST', '/Patient/1'],
  ])('%s %s is nothing', (method, pathname) => expect(routeOf(method, pathname)).toBeUndefined());
});
