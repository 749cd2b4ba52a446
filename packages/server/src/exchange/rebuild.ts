export interface RebuildProgress {
  readonly done: number;
  readonly total: number;
  /** Versions that fewer than k custodians could help with, or that did not check. */
  readonly failed: number;
}
