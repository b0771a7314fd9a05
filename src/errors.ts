/**
 * The errors of the ledger's own modules. `web/` turns them into RFC 9457 problems in one place; the command line
 * turns them into exit statuses. A failed verification is not an error but a value (see `verification/`).
 */

import type { Appended } from './event-store/event-store.js';

/** A rule of the domain refused a command. `code` is stable and has a text in Swedish and English in `web/`. */
export class DomainError extends Error {
  constructor(
    readonly code: string,
    readonly params: Readonly<Record<string, string | number>> = {},
  ) {
    super(`${code} ${JSON.stringify(params)}`);
    this.name = 'DomainError';
  }
}

/** What a command named does not exist, or not for the one who asks. */
export class NotFoundError extends DomainError {
  constructor(what: string, id: string) {
    super('notFound', { what, id });
    this.name = 'NotFoundError';
  }
}

/** Another writer was first: the stream is not at the revision that the command was decided on. */
export class ConcurrencyError extends Error {
  constructor(
    readonly stream: string,
    readonly expectedRevision: number,
    readonly actualRevision: number,
  ) {
    super(`stream ${stream}: expected revision ${expectedRevision}, got ${actualRevision}`);
    this.name = 'ConcurrencyError';
  }
}

/** A stream that the command read and cites has moved on since (S7). */
export class StaleReadError extends ConcurrencyError {
  constructor(stream: string, cited: number, actual: number) {
    super(stream, cited, actual);
    this.name = 'StaleReadError';
  }
}

/**
 * As `StaleReadError`, from a store that can check only afterwards (S7): the events are in it, for ever, and whoever
 * appended them must see to it that they do not stand.
 */
export class LateStaleReadError extends StaleReadError {
  constructor(
    stream: string,
    cited: number,
    actual: number,
    /** The events as stored: of the one append whose citation is stale. */
    readonly appended: Appended,
  ) {
    super(stream, cited, actual);
    this.name = 'LateStaleReadError';
  }
}

/** One thing wrong with an input: `path` as a JSON pointer without the leading slash, dots between members. */
export interface InputIssue {
  readonly path: string;
  readonly code: string;
  readonly message: string;
}

/** Input from outside does not fit its schema. Nothing was done. */
export class InputError extends Error {
  constructor(readonly issues: readonly InputIssue[]) {
    super(issues.map((issue) => `${issue.path}: ${issue.message}`).join('; '));
    this.name = 'InputError';
  }
}

/** Bytes that are not in the encoding they should be in (JCS, base64, RLP, a signed note, …). */
export class EncodingError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'EncodingError';
  }
}

/** The environment or a configuration file is wrong. The process ends with exit status 78. */
export class ConfigError extends Error {
  constructor(
    readonly variable: string,
    message: string,
  ) {
    super(`${variable}: ${message}`);
    this.name = 'ConfigError';
  }
}

/** Not possible just now, through nobody's fault; the same request later goes through. */
export class UnavailableError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'UnavailableError';
  }
}

/** The tables that a question needs are being built; it can be asked when they are. */
export class RebuildingError extends UnavailableError {
  /** @param progress where the building is, and where it ends, in the store's positions */
  constructor(readonly progress: { readonly done: number; readonly of: number }) {
    super(`the read models are being built: ${progress.done} of ${progress.of}`);
    this.name = 'RebuildingError';
  }
}

/** This machine's clock is further off than the log allows (S18); what was asked for can be done when it is right again. */
export class ClockSkewError extends UnavailableError {
  /** @param skew how many seconds, and from which chain's blocks */
  constructor(
    message: string,
    readonly skew: { readonly seconds: number; readonly chain: string },
  ) {
    super(message);
    this.name = 'ClockSkewError';
  }
}

/**
 * The remote signer that holds an organisation's key (S13) did not answer (`signerUnreachable`), or did not give the
 * signature that was asked for (`signerRefused`). Nothing was done; the same request later may go through.
 */
export class SignerError extends Error {
  constructor(
    readonly code: 'signerUnreachable' | 'signerRefused',
    readonly kid: string,
    reason: string,
  ) {
    super(`the signer of ${kid}: ${reason}`);
    this.name = 'SignerError';
  }
}

/** The ledger was restored from an older copy than is known elsewhere and takes nothing until that is decided (S16). */
export class ReadOnlyError extends UnavailableError {
  constructor() {
    super('the ledger is read-only: it was restored from an older copy than is known elsewhere');
    this.name = 'ReadOnlyError';
  }
}

/** Our own bug, or a store whose state is unknown. The process must stop: a restart reads everything again. */
export class InvariantError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'InvariantError';
  }
}
