/**
 * The two kinds of entries that a log has millions of, an issuance and an assessment, read by one pattern each: what
 * matches is canonical (S14), and its data of its shape, for there is no other way to write it. Whatever does not match is
 * read the usual way, which says what is wrong with it, if anything is. Half of an audit's time.
 * Proven by quick-entry.spec.ts: it is `readEntry` and `interpret`, or nothing.
 */
import { isMoment } from '../encoding/instant.js';
import { STATUS_LIST_ENTRIES, type CredentialIssued } from '../credentials/credential.events.js';
import type { ParsedEntry } from '../event-store/entry.js';

const ID = '([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})';
const INSTANT = '(\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d\\.\\d{3}Z)';
const DIGEST = '([0-9a-f]{64})';
/** Below 10^15, so exact. */
const NUMBER = '(0|[1-9]\\d{0,14})';
const ACTOR = '(operator|process:[a-z0-9-]+|organisation:[0-9a-f-]{36}:[a-z]+)';
const KID = '([0-9A-Za-z]{1,100})';

const begin = `^\\{"at":"${INSTANT}","by":"${ACTOR}","data":`;
/** Not caught, as nothing asks for them: id and digest of the private part. */
const middle = `,"id":"${uncaught(ID)}","revision":${NUMBER},(?:"sealed":"${uncaught(DIGEST)}",)?"stream":`;

const ISSUED = new RegExp(
  `${begin}\\{"definition":"${ID}","digest":"${DIGEST}","key":"${KID}","mandate":"(owner|[0-9a-f-]{36})",` +
    `"organisation":"${ID}","reads":\\[\\{"revision":${NUMBER},"stream":"(organisation-[0-9a-f-]{36})"\\},` +
    `\\{"revision":${NUMBER},"stream":"(definition-[0-9a-f-]{36})"\\}\\],` +
    `"statusLists":\\{"revocation":\\{"index":${NUMBER},"list":"${ID}"\\},` +
    `"suspension":\\{"index":${NUMBER},"list":"${ID}"\\}\\},` +
    `"validFrom":"${INSTANT}"(?:,"validUntil":"${INSTANT}")?,"version":([1-9]\\d{0,14})\\}` +
    `${middle}"(credential-[0-9a-f-]{36})","type":"CredentialIssued","v":1\\}$`,
);

const ASSESSED = new RegExp(
  `${begin}\\{"organisation":"${ID}"\\}${middle}"(assessment-[0-9a-f-]{36})","type":"AssessmentRecorded","v":1\\}$`,
);

/** What a replay asks of an entry. */
export type QuickEntry = Omit<ParsedEntry, 'id' | 'sealed'>;

/** @param text of the bytes, one character a byte @returns an event as of version 1; undefined where it is no such entry */
export function quickIssuance(text: string): QuickEntry | undefined {
  const m = ISSUED.exec(text);
  if (!m) return undefined;
  const [revocation, suspension] = [Number(m[12]), Number(m[14])];
  if (revocation >= STATUS_LIST_ENTRIES || suspension >= STATUS_LIST_ENTRIES) return undefined;
  const validFrom = m[16]!;
  const validUntil = m[17];
  if (!isMoment(validFrom) || (validUntil !== undefined && !isMoment(validUntil))) return undefined;
  const data: Omit<CredentialIssued['data'], 'validUntil'> & { validUntil?: string } = {
    definition: m[3]!,
    digest: m[4]!,
    key: m[5]!,
    mandate: m[6]!,
    organisation: m[7]!,
    reads: [
      { revision: Number(m[8]), stream: m[9]! },
      { revision: Number(m[10]), stream: m[11]! },
    ],
    statusLists: {
      revocation: { index: revocation, list: m[13]! },
      suspension: { index: suspension, list: m[15]! },
    },
    validFrom,
    version: Number(m[18]),
  };
  if (validUntil !== undefined) data.validUntil = validUntil;
  return entryOf(m, 19, 'CredentialIssued', data as unknown as ParsedEntry['data']);
}

/** As `quickIssuance`. */
export function quickAssessment(text: string): QuickEntry | undefined {
  const m = ASSESSED.exec(text);
  return m ? entryOf(m, 4, 'AssessmentRecorded', { organisation: m[3]! }) : undefined;
}

/** @param at of the first group after the data: revision, then stream */
function entryOf(m: RegExpExecArray, at: number, type: string, data: ParsedEntry['data']): QuickEntry {
  return { v: 1, stream: m[at + 1]!, revision: Number(m[at]), type, at: m[1]!, by: m[2]!, data };
}

function uncaught(pattern: string): string {
  return pattern.replace(/^\(/, '(?:');
}
