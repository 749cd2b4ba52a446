import type { ArgumentOf, HealthClient } from '@healthchain/contracts';
import type { Gate, GateDecision, GateQuestion } from '@healthchain/custody';
import type { LedgerFacts } from '../facts/facts.ts';

type DecideArgument = ArgumentOf<'authorisation:Decide'>;

/**
 * The custodian's gate: the contract's decision on the own organisation's peer, and the rule for reading a log.
 *
 * @param client evaluates on the own peer only, as the server
 */
export function custodianGate(options: {
  readonly mspId: string;
  readonly client: HealthClient;
  readonly facts: LedgerFacts;
}): Gate {
  const { client, facts } = options;
  return {
    decide: async (question) => {
      const { decisions } = await client.authorisation.decide(structuredClone(question) as DecideArgument);
      return decisions;
    },
    mayReadLog: (question) => Promise.resolve(mayReadLog({ ...question, custodian: options.mspId, facts })),
  };
}

/**
 * health.md sections 2 and 9: the patient reads the own log at every custodian, a privacy officer the log of the own
 * organisation's custodian, the regulator every log. Nobody else.
 */
function mayReadLog(question: {
  readonly subject: GateQuestion['subject'];
  readonly person: string;
  readonly custodian: string;
  readonly facts: LedgerFacts;
}): GateDecision {
  const { subject, facts } = question;
  if (subject.role === 'regulator') return { permit: true, code: 'BASE_POLICY' };
  if (subject.role === 'privacy-officer' && subject.mspId === question.custodian) {
    return { permit: true, code: 'BASE_POLICY' };
  }
  const own = subject.role === 'patient' ? facts.personOfKey(subject.mspId, subject.userId) : undefined;
  if (own !== undefined && facts.personsOf(own).includes(question.person))
    return { permit: true, code: 'PATIENT' };
  return { permit: false, code: 'NOT_GRANTED' };
}
