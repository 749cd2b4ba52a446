/** Requests in any 60 seconds; beyond them a request is refused unread and summarised in the patient's log. */
export interface Limits {
  /** One organisation. */
  readonly requestsPerMember: number;
  /** One person who asks. */
  readonly requestsPerSubject: number;
  /** About one patient, by whomever. */
  readonly requestsPerPatient: number;
  /** Emergency requests have a lane of their own: one organisation. */
  readonly emergencyRequestsPerMember: number;
  /** Emergency requests of one person. */
  readonly emergencyRequestsPerSubject: number;
  /** Record versions that one organisation's server may fetch to rebuild its store. */
  readonly rebuildRecordsPerMember: number;
}

export const LIMITS: Limits = {
  requestsPerMember: 30_000,
  requestsPerSubject: 6_000,
  requestsPerPatient: 12_000,
  emergencyRequestsPerMember: 6_000,
  emergencyRequestsPerSubject: 600,
  rebuildRecordsPerMember: 60_000,
};
