/**
 * Why a piece of a proof was refused. The checks inside `verification/` throw it; the outermost check turns only this
 * class into a report, and lets everything else escape as our own bug.
 */
export class VerificationError extends Error {
  /** @param code stable, camelCase; the pages explain each in Swedish and English. `message` says expected and got. */
  constructor(
    readonly code: string,
    message: string,
  ) {
    super(message);
    this.name = 'VerificationError';
  }
}
