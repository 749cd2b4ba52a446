/** The steps of a write between which a process may end. */
export type CrashPoint = 'sealed' | 'endorsed' | 'in outbox' | 'submitted' | 'settled';
