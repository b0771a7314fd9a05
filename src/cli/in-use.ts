/** A store that another process has: the commands that want it for themselves say what to do. Proven by restore.int.spec.ts. */
import { InUseError } from '../event-store/sqlite-file.js';
import { CliError, EXIT, printable } from './cli-io.js';

/**
 * @param advice what to do where the store is in use, as the end of the message
 * @throws CliError 78 with the advice where it is; whatever else `open` throws, as it is
 */
export async function orAdvise<T>(open: () => T | Promise<T>, advice: string): Promise<T> {
  try {
    return await open();
  } catch (error) {
    if (!(error instanceof InUseError)) throw error;
    throw new CliError(EXIT.configuration, `${printable(error.message)}: ${advice}`);
  }
}
