/**
 * The head that an audit is about: its note, opened with the pinned keys (S2, S4, S19). Where none is pinned the log's own
 * word is taken for its key, which shows that it agrees with itself and nothing more. Proven by audit.spec.ts.
 */
import type { LedgerState } from '../anchoring/ledger.js';
import { EncodingError } from '../errors.js';
import { parseCheckpoint, type Checkpoint } from '../log/checkpoint.js';
import { verifyEd25519 } from '../log/ed25519.js';
import { NoteError, openNote, parseNote, parseVerifierKey } from '../log/note.js';
import type { Findings } from './findings.js';
import type { PinnedLogKey } from './log-audit.js';
import { LogSourceError, type LogSource } from './log-source.js';

export interface OpenedHead extends Checkpoint {
  /** The signed note. */
  readonly checkpoint: string;
  /** The pinned key that has signed it; undefined where none has. */
  readonly vkey: string | undefined;
  /** Whether there were any. */
  readonly isPinned: boolean;
}

/**
 * @throws LogSourceError where there is no checkpoint, or it is none; NoteError for a pinned key that is none
 */
export async function openHead(
  source: LogSource,
  pinned: readonly PinnedLogKey[],
  findings: Findings,
): Promise<OpenedHead> {
  const checkpoint = await source.checkpoint();
  const parsed = parsedHead(source, checkpoint);
  if (pinned.length === 0) {
    const detail = 'no key is pinned: whether this is the log that you mean, its own word alone says';
    findings.warning('S4', 'notPinned', detail);
    return { ...parsed, checkpoint, vkey: undefined, isPinned: false };
  }
  const ofOrigin = pinned.filter(({ vkey }) => parseVerifierKey(vkey).name === parsed.origin);
  const inForce = ofOrigin.filter(({ from = 0, to = Infinity }) => from < parsed.size && parsed.size <= to);
  const faults: string[] = [];
  for (const { vkey } of inForce) {
    try {
      openNote(checkpoint, vkey, verifyEd25519);
      return { ...parsed, checkpoint, vkey, isPinned: true };
    } catch (error) {
      if (!(error instanceof NoteError)) throw error;
      faults.push(error.message);
    }
  }
  const why =
    ofOrigin.length === 0
      ? `no pinned key is of ${parsed.origin}`
      : inForce.length === 0
        ? `no pinned key may sign a head of ${parsed.size}`
        : faults.join('; ');
  findings.error('S2', 'headNotSigned', `the checkpoint is not signed by a pinned key: ${why}`);
  return { ...parsed, checkpoint, vkey: undefined, isPinned: true };
}

/** The head against what the log says of its own name and key, once that is read (S19). */
export function checkHeadOfLedger(
  { origin, checkpoint, vkey, isPinned }: OpenedHead,
  ledger: LedgerState,
  findings: Findings,
): void {
  if (ledger.is === 'unfounded') return;
  if (ledger.origin !== origin) {
    findings.error('S19', 'originDiffers', `the checkpoint is of ${origin}, the log calls itself ${ledger.origin}`);
  } else if (vkey !== undefined && vkey !== ledger.vkey) {
    findings.error('S19', 'keyDiffers', `the checkpoint is signed by ${vkey}, the log names ${ledger.vkey}`);
  } else if (!isPinned) {
    try {
      openNote(checkpoint, ledger.vkey, verifyEd25519);
    } catch (error) {
      if (!(error instanceof NoteError)) throw error;
      const detail = `the checkpoint is not signed by the key that the log names: ${error.message}`;
      findings.error('S2', 'headNotOfLedger', detail);
    }
  }
}

function parsedHead(source: LogSource, checkpoint: string): Checkpoint {
  try {
    return parseCheckpoint(parseNote(checkpoint).text);
  } catch (error) {
    if (!(error instanceof NoteError) && !(error instanceof EncodingError)) throw error;
    throw new LogSourceError('refused', `${source.name}: the checkpoint is none: ${error.message}`, { cause: error });
  }
}
