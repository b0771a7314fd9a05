/** How far a long command is, on a terminal; nothing elsewhere. */
import type { CliIo } from './cli-io.js';

const WIDTH = 24;
const EVERY_MS = 100;

export type Unit = 'bytes' | 'events' | 'blocks' | 'documents';

export interface Progress {
  /**
   * Shows how much is done, of how much where that is known.
   * @param unit of both
   */
  of(doing: string, unit?: Unit): (done: number, total?: number) => void;
  /** Takes the line away, for something else to be written. */
  clear(): void;
  /** Takes the line away. */
  done(): void;
}

export function progressOn(io: Pick<CliIo, 'stderr' | 'ask'>): Progress {
  // Where somebody can be asked there is a terminal.
  if (!io.ask) return { of: () => () => undefined, clear: () => undefined, done: () => undefined };
  let shown = 0;
  let isShown = false;
  return {
    of:
      (doing, unit = 'bytes') =>
      (done, total) => {
        const now = performance.now();
        if (now - shown < EVERY_MS) return;
        shown = now;
        isShown = true;
        io.stderr.write(`\r${doing} ${line(done, total, unit)}\u001b[K`);
      },
    clear,
    done: clear,
  };

  function clear(): void {
    if (isShown) io.stderr.write('\r\u001b[K');
    isShown = false;
  }
}

function line(done: number, total: number | undefined, unit: Unit): string {
  const counted = unit === 'bytes' ? `${(done / 1e6).toFixed(1)} MB` : `${done} ${unit}`;
  if (total === undefined || total === 0) return counted;
  const share = Math.min(done / total, 1);
  const full = Math.round(share * WIDTH);
  return `[${'#'.repeat(full)}${'.'.repeat(WIDTH - full)}] ${Math.floor(share * 100)} %${unit === 'bytes' ? '' : `, ${counted} of ${total}`}`;
}
