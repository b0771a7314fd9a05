/**
 * `meritkedja verify` of a file of c2sp.org/tlog-proof@v1: that an entry is in a pinned log, and no more. Swedish or
 * English, or one JSON document. Proven by log-proof-report.int.spec.ts and test/audit.e2e.spec.ts.
 */
import { readFile } from 'node:fs/promises';
import type { Language, LogProofCode, LogProofReport } from '../verification/index.js';
import { verifyLogProof } from '../verification/index.js';
import { CliError, EXIT, printable, type CliIo, type ExitStatus } from './cli-io.js';
import type { PinnedTrust } from './trust-store.js';

export interface LogProofSettings {
  readonly trust: readonly PinnedTrust[];
  /** File with the entry's bytes. */
  readonly entry?: string | undefined;
  readonly json: boolean;
  readonly language: Language;
}

const STATUS = { pass: EXIT.ok, fail: EXIT.invalid, unknown: EXIT.undetermined } as const;

const WORDS = {
  en: {
    pass: 'LOGGED: the entry is in the log, under a head that the log’s key has signed.',
    fail: 'NOT SHOWN: this does not prove that the entry is in the log.',
    unknown: 'UNDETERMINED: part of it could not be checked.',
    only: 'It shows no more: whether the head is anchored, and what came after the entry, a proof bundle shows.',
    log: 'log',
    head: 'head',
    entries: 'entries',
    entry: 'entry',
    leaf: 'leaf hash',
    trusted: 'trusted',
  },
  sv: {
    pass: 'LOGGAD: händelsen finns i loggen, under ett huvud som loggens nyckel har signerat.',
    fail: 'INTE VISAT: detta bevisar inte att händelsen finns i loggen.',
    unknown: 'INTE AVGJORT: en del kunde inte kontrolleras.',
    only: 'Mer än så visar det inte: om huvudet är förankrat, och vad som hänt efter händelsen, visar ett bevispaket.',
    log: 'logg',
    head: 'huvud',
    entries: 'händelser',
    entry: 'händelse',
    leaf: 'lövhash',
    trusted: 'litade på',
  },
} as const;

const CODES: Readonly<Record<Language, Readonly<Record<LogProofCode, string>>>> = {
  en: {
    proofMalformed: 'The file is not of the form that it says it is.',
    entryMissing: 'The file does not hold the entry: give its bytes with --entry.',
    entryDiffers: 'The entry that you gave is another than the one in the file.',
    untrusted: 'No trust file for this log is pinned: meritkedja trust add FILE.',
    checkpointSignature: 'The head is not signed by the pinned key of the log.',
    notIncluded: 'The path does not lead from the entry to the head: entry, index, path or head is another.',
  },
  sv: {
    proofMalformed: 'Filen har inte den form som den säger sig ha.',
    entryMissing: 'Filen innehåller inte händelsen: ge dess byte med --entry.',
    entryDiffers: 'Händelsen som du gav är en annan än den i filen.',
    untrusted: 'Ingen förtroendefil för loggen är vald: meritkedja trust add FIL.',
    checkpointSignature: 'Huvudet är inte signerat av loggens fästa nyckel.',
    notIncluded: 'Vägen leder inte från händelsen till huvudet: händelse, index, väg eller huvud är något annat.',
  },
};

/** Checks the proof and writes the report. @throws CliError 65 for an entry that cannot be read */
export async function reportLogProof(proof: string, settings: LogProofSettings, io: CliIo): Promise<ExitStatus> {
  const entry = settings.entry === undefined ? undefined : await bytesOf(settings.entry);
  const report = verifyLogProof(proof, {
    trust: settings.trust.map(({ trust }) => trust),
    ...(entry === undefined ? {} : { entry }),
  });
  const trustFiles = settings.trust.map(({ trust, source }) => ({ origin: trust.origin, source }));
  const used = trustFiles.find(({ origin }) => origin === report.origin);
  io.stdout.write(
    settings.json
      ? `${JSON.stringify({ type: 'MeritkedjaLogProofReport', ...report, trustFiles })}\n`
      : logProofText(report, used?.source, settings.language),
  );
  return STATUS[report.outcome];
}

function logProofText(report: LogProofReport, trust: string | undefined, language: Language): string {
  const words = WORDS[language];
  const { outcome, code, detail, origin, size, root, index, leafHash, entry } = report;
  const facts: readonly (readonly [string, string | undefined])[] = [
    [words.log, origin],
    [words.head, size === undefined ? undefined : `${size} ${words.entries}, ${root}`],
    [words.entry, index === undefined ? undefined : String(index)],
    [words.leaf, leafHash],
    [words.trusted, trust],
    ['', entry === undefined ? undefined : JSON.stringify(entry)],
  ];
  const lines = [
    words[outcome],
    ...(code === undefined ? [words.only] : [CODES[language][code]]),
    '',
    ...facts.flatMap(([label, value]) => (value === undefined ? [] : [`  ${label.padEnd(12)}${printable(value)}`])),
    '',
    `     ${code === undefined ? '' : `${code}: `}${printable(detail)}`,
  ];
  return `${lines.join('\n')}\n`;
}

async function bytesOf(file: string): Promise<Uint8Array> {
  try {
    return new Uint8Array(await readFile(file));
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? 'unreadable';
    throw new CliError(EXIT.input, `--entry ${printable(file)}: cannot be read (${code})`);
  }
}
