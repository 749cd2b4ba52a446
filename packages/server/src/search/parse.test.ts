import { describe, expect, it } from 'vitest';
import { SearchError } from './errors.ts';
import { MAX_COUNT, MAX_PARAMETERS, parseSearch } from './parse.ts';

const parse = (
  type: string,
  query: string,
  handling: 'strict' | 'lenient' = 'strict',
): ReturnType<typeof parseSearch> => parseSearch(type, new URLSearchParams(query), { handling });
const codeOf = (run: () => unknown): string | undefined => {
  try {
    run();
    return undefined;
  } catch (error) {
    return error instanceof SearchError ? error.code : String(error);
  }
};

describe('parsing a search', () => {
  it.each([
    ['UNKNOWN_PARAMETER', 'colour=red'],
    ['UNKNOWN_PARAMETER', '_text=a'],
    ['UNKNOWN_PARAMETER', 'subject.colour=red'],
    ['UNKNOWN_PARAMETER', 'code.name=a'],
    ['UNKNOWN_PARAMETER', '_has:Observation:code:status=final'],
    ['UNKNOWN_PARAMETER', '_has:Medication:patient:status=final'],
    ['UNKNOWN_PARAMETER', '_sort=colour'],
    ['UNSUPPORTED_MODIFIER', 'code:exact=a'],
    ['UNSUPPORTED_MODIFIER', 'code:in=http://a'],
    ['UNSUPPORTED_MODIFIER', 'subject:Medication.name=a'],
    ['UNSUPPORTED_MODIFIER', '_include:never=Observation:subject'],
    ['BAD_VALUE', 'date=yesterday'],
    ['BAD_VALUE', 'date=2020-13-01'],
    ['BAD_VALUE', 'value-quantity=a'],
    ['BAD_VALUE', 'value-quantity=1|http://a'],
    ['BAD_VALUE', 'code='],
    ['BAD_VALUE', 'code=a|b|c'],
    ['BAD_VALUE', 'subject:missing=maybe'],
    ['BAD_VALUE', '_count=-1'],
    ['BAD_VALUE', '_total=maybe'],
    ['BAD_VALUE', '_include=Observation:code'],
    ['BAD_VALUE', '_include=Observation:subject:Thing'],
    ['BAD_VALUE', 'code-value-quantity=a'],
    ['TOO_COSTLY', 'has-member.has-member.has-member.has-member.code=a'],
  ])('%s for %s', (code, query) => {
    expect(codeOf(() => parse('Observation', query))).toBe(code);
  });

  it('bounds the number of parameters and of results', () => {
    expect(codeOf(() => parse('Patient', 'active=true&'.repeat(MAX_PARAMETERS + 1)))).toBe(
      'TOO_MANY_PARAMETERS',
    );
    expect(parse('Patient', '_count=999999').count).toBe(MAX_COUNT);
    expect(codeOf(() => parse('Patient', `_id=${'a,'.repeat(1000)}a`))).toBe('BAD_VALUE');
  });

  it('ignores unknown parameters on request, and never bad values', () => {
    const query = parse('Patient', 'colour=red&gender=male&_format=json', 'lenient');
    expect(query.ignored).toEqual(['colour']);
    expect(query.understood).toEqual([
      ['gender', 'male'],
      ['_format', 'json'],
    ]);
    expect(codeOf(() => parse('Patient', 'birthdate=x', 'lenient'))).toBe('BAD_VALUE');
  });

  it.each([
    ['Observation', 'patient=a', ['a']],
    ['Observation', 'subject=Patient/a', ['a']],
    ['Observation', 'subject:Patient=a,b', ['a', 'b']],
    ['Coverage', 'beneficiary=Patient/a', ['a']],
    ['Appointment', 'patient=a', ['a']],
    ['Patient', '_id=a', ['a']],
    ['Observation', '_id=a', []],
    ['Observation', 'performer=Patient/a', []],
    ['Observation', 'subject:missing=true', []],
    ['Observation', 'code=a', []],
  ])('%s?%s names the persons %j', (type, query, patients) => {
    expect(parse(type, query).patients).toEqual(patients);
  });

  it('repeats no value in a message', () => {
    try {
      parse('Patient', 'birthdate=secret');
      expect.unreachable();
    } catch (error) {
      expect((error as Error).message).not.toContain('secret');
      expect((error as SearchError).details).toEqual({ parameter: 'birthdate' });
    }
  });
});
