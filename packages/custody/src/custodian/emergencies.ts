import { CustodyError } from '../errors.ts';
import type { Emergency, Subject } from '../ports.ts';
import type { OpenEmergency } from '../log/log-store.ts';

/** An emergency opens records for this long, by the custodian's own clock (custody.md section 4). */
export const EMERGENCY_MS = 4 * 3_600_000;
/** Patients for whom one person has records opened under emergencies at a time. */
const MAX_OPEN_PATIENTS = 5;
/** Emergencies of one organisation within an hour. */
const MAX_EMERGENCIES_PER_HOUR = 60;
/** A transaction's timestamp is its caller's clock, which an endorser lets differ by this much (ledger.md section 5). */
const CLOCK_DIFFERENCE_MS = 30_000;

/** A custodian's own count of emergencies, whatever the ledger allowed. */
export class Emergencies {
  #counted: readonly OpenEmergency[];

  /** @param released emergencies under which this custodian released within the last hours, from its log */
  constructor(released: readonly OpenEmergency[]) {
    this.#counted = released;
  }

  /** @throws CustodyError EMERGENCY_INVALID, EMERGENCY_EXPIRED, OVER_LIMIT */
  admit(emergency: Emergency | undefined, subject: Subject, now: number): void {
    if (
      emergency === undefined ||
      emergency.subject.mspId !== subject.mspId ||
      emergency.subject.userId !== subject.userId
    ) {
      throw new CustodyError('EMERGENCY_INVALID', 'The ledger holds no such emergency of this person');
    }
    if (now - emergency.openedAt > EMERGENCY_MS || emergency.openedAt - now > CLOCK_DIFFERENCE_MS) {
      throw new CustodyError('EMERGENCY_EXPIRED', 'The emergency is over');
    }
    this.#counted = this.#counted.filter(({ firstAt }) => now - firstAt <= EMERGENCY_MS);
    if (this.#counted.some(({ transactionId }) => transactionId === emergency.transactionId)) return;
    this.#assertLimits(emergency, subject, now);
    const { transactionId, person } = emergency;
    const counted = { transactionId, person, member: subject.mspId, userId: subject.userId, firstAt: now };
    this.#counted = [...this.#counted, counted];
  }

  #assertLimits(emergency: Emergency, subject: Subject, now: number): void {
    const ofMember = this.#counted.filter(({ member }) => member === subject.mspId);
    const patients = new Set(
      ofMember.filter(({ userId }) => userId === subject.userId).map(({ person }) => person),
    );
    if (patients.add(emergency.person).size > MAX_OPEN_PATIENTS) {
      throw new CustodyError(
        'OVER_LIMIT',
        `${MAX_OPEN_PATIENTS} patients are open under emergencies of this person`,
      );
    }
    if (ofMember.filter(({ firstAt }) => now - firstAt <= 3_600_000).length >= MAX_EMERGENCIES_PER_HOUR) {
      throw new CustodyError(
        'OVER_LIMIT',
        `${MAX_EMERGENCIES_PER_HOUR} emergencies of this organisation in an hour`,
      );
    }
  }
}
