import { InvariantError } from '../errors.js';
import type { AuditOptions, LogAudit } from './log-audit.js';
import type { LogSource } from './log-source.js';

/**
 * Audits all that is public of a log: see docs/audit.md. What is wrong with the log is a finding, never an error.
 * @throws LogSourceError where the source cannot be read; ConfigError for a state file that is damaged or of another log
 */
export function auditLog(source: LogSource, options: AuditOptions = {}): Promise<LogAudit> {
  throw new InvariantError(`${source.name} ${String(options.workers)}`);
}
