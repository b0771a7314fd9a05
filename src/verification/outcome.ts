/**
 * What a check comes to. A check returns a finding; a contradiction is thrown as VerificationError and becomes `fail`,
 * something missing is thrown as Undecided and becomes `unknown`. Only these two classes are caught.
 */
import type { CheckCode } from './codes.js';
import type { Check, CheckName } from './report.js';
import { VerificationError } from './verification-error.js';

export type Finding = Omit<Check, 'name' | 'code'> & { readonly code?: CheckCode };

/** Neither shown nor refuted: something needed is not at hand or not trusted. */
export class Undecided extends Error {
  constructor(
    readonly code: CheckCode,
    message: string,
  ) {
    super(message);
    this.name = 'Undecided';
  }
}

/** What every check that reads the log comes to without one; made once, for making an error takes its time. */
export const NO_PROOF = new Undecided('noProof', 'the credential came without its proof bundle');

export function pass(detail: string, trusted?: string): Finding {
  return { outcome: 'pass', detail, ...(trusted === undefined ? {} : { trusted }) };
}

export function skipped(code: CheckCode, detail: string): Finding {
  return { outcome: 'skipped', code, detail };
}

/** Throws VerificationError; as an expression, so that a check reads as a list of conditions. */
export function fail(code: CheckCode, detail: string): never {
  throw new VerificationError(code, detail);
}

/** What a finished piece of work came to: its value, or why there is none. */
export type Settled<T> =
  | { readonly value: T; readonly error?: undefined }
  | { readonly value?: undefined; readonly error: VerificationError | Undecided };

/** Runs a piece of work and keeps its refusal. Anything but our two classes is our own bug and escapes. */
export async function settle<T>(work: () => T | Promise<T>): Promise<Settled<T>> {
  try {
    return { value: await work() };
  } catch (error) {
    if (error instanceof VerificationError || error instanceof Undecided) return { error };
    throw error;
  }
}

/** As `settle`, for what takes no time. */
export function settleNow<T>(work: () => T): Settled<T> {
  try {
    return { value: work() };
  } catch (error) {
    if (error instanceof VerificationError || error instanceof Undecided) return { error };
    throw error;
  }
}

/** A named check of a settled finding. */
export function checkOf(name: CheckName, settled: Settled<Finding>): Check {
  if (settled.error === undefined) return { name, ...settled.value };
  const outcome = settled.error instanceof Undecided ? 'unknown' : 'fail';
  return { name, outcome, code: settled.error.code, detail: settled.error.message };
}
