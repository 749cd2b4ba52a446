import { describe, expect, it } from 'vitest';
import { reference } from './reference.ts';
import { FUNCTION_NAMES } from './registry.ts';

describe('the reference page', () => {
  const page = reference();

  it('has a section for every function', () => {
    for (const name of FUNCTION_NAMES) expect(page).toContain(`\n## ${name}\n`);
  });

  it('tells callers, argument and refusals', () => {
    const section = page.slice(page.indexOf('## persons:BindKey'), page.indexOf('## persons:Merge'));
    expect(section).toContain('- **Callers**: server\n- **Of organisations**: authority');
    expect(section).toContain('{ personId: string, userId: string }');
    expect(section).toContain('KEY_BOUND_ELSEWHERE');
  });

  it('tells the base policy', () => {
    expect(page).toContain('| pharmacist | read, write | medication, allergies |  | N, R | TREAT |');
    expect(page).toContain('| regulator | PUBHLTH, HOPERAT | CASE_REQUIRED |  |');
  });
});
