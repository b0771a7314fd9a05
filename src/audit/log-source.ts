/**
 * Where an audit reads a log from: what is public of it, checkpoint, entry bundles and hash tiles (c2sp.org/tlog-tiles).
 * Over HTTP (`http-log-source.ts`), from a ledger's own folder (`sqlite-log-source.ts`), from any event store
 * (`store-log-source.ts`).
 */
import type { JsonObject } from '../encoding/json.js';

/** What was asked for cannot be had: `unreachable` may be gone later, `refused` is what the source answers. */
export class LogSourceError extends Error {
  constructor(
    readonly code: 'unreachable' | 'refused',
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
    this.name = 'LogSourceError';
  }
}

export interface LogSource {
  /** For messages: an address or a path. */
  readonly name: string;
  /** The signed note of the newest head. @throws LogSourceError */
  checkpoint(): Promise<string>;
  /**
   * An entry bundle: each entry after its length in 16 bits, big-endian.
   * @param number from 0, of 256 entries each
   * @param width 256, or fewer for the log's last one
   * @throws LogSourceError
   */
  bundle(number: number, width: number): Promise<Uint8Array>;
  /**
   * A hash tile, 32 bytes a hash; undefined where the source keeps none.
   * @param level from 0, of tiles
   * @throws LogSourceError
   */
  tile(level: number, number: number, width: number): Promise<Uint8Array | undefined>;
  /**
   * An edition of a status list; undefined where the source keeps none. Without the member there are no lists here.
   * @param id UUID
   * @param edition sequence from 1, digest as it was logged: of several with one sequence, that of a publisher cut off
   *   among them, the one with the digest
   * @throws LogSourceError
   */
  statusList?(id: string, edition: { sequence: number; digest: string }): Promise<JsonObject | undefined>;
  close(): Promise<void>;
}
