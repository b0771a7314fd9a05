/** What a part of the ledger has to tell whoever watches the process; Nest's logger stays out of the parts. */
import { Logger } from '@nestjs/common';

/** A function that writes warnings of a part to the process's log. */
export function warningsOf(part: string): (message: string) => void {
  const logger = new Logger(part);
  return (message) => logger.warn(message);
}
