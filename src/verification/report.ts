/** The verification report: what was checked, what was trusted, and the verdict (S12; contract, formats 8). */

export type Verdict = 'valid' | 'notInForce' | 'pending' | 'undetermined' | 'invalid';

export type CredentialState = 'active' | 'revoked' | 'suspended' | 'expired' | 'notYetValid' | 'superseded';

export type CheckName =
  'format' | 'integrity' | 'issuer' | 'mandate' | 'definition' | 'logInclusion' | 'anchor' | 'status' | 'validity';

export type Outcome = 'pass' | 'fail' | 'unknown' | 'skipped';

export interface Check {
  readonly name: CheckName;
  readonly outcome: Outcome;
  /** Stable; the pages explain each code in Swedish and English. */
  readonly code?: string;
  /** One English sentence with the particulars: expected and got. */
  readonly detail: string;
  /** What had to be trusted for this outcome. */
  readonly trusted?: string;
}

export interface CredentialSummary {
  readonly id?: string;
  readonly name?: string;
  readonly holder?: string;
  readonly issuer?: { readonly id?: string; readonly name?: string };
  readonly definition?: string;
  readonly version?: number;
  readonly validFrom?: string;
  readonly validUntil?: string;
  readonly demo?: boolean;
}

export interface VerificationReport {
  readonly verdict: Verdict;
  readonly state: CredentialState;
  readonly checks: readonly Check[];
  readonly credential: CredentialSummary;
  /** ISO 8601: time of the block of the first anchor that covers the issuance. */
  readonly anchoredAt?: string;
  /** ISO 8601: the time that status and standing are known as of (S11). */
  readonly asOf?: string;
  /** The clock used for validity and freshness: the verifier's own, or given with `--at`. */
  readonly now: string;
  readonly clock: 'verifier' | 'given';
  readonly keyCustody?: string;
  /** On the embedded chain: the operator's own chain, shows the mechanism, proves no time (S10). */
  readonly warnings: readonly string[];
}
