/**
 * `status`: neither revoked nor suspended, by the lists whose digests the standing record commits to (S1), and that
 * record is not too old (S11). What is against the credential counts at any age; what is for it must be fresh.
 * A list that was opened but never published has no bit set.
 */
import type { JsonObject } from '../encoding/json.js';
import { isJsonObject } from '../encoding/json.js';
import { EncodingError } from '../errors.js';
import { statusListStream, type StatusPurpose } from '../credentials/credential.events.js';
import { echo } from './echo.js';
import { fail, pass, Undecided, type Finding } from './outcome.js';
import type { ParsedBundle } from './parse-bundle.js';
import { knownOf, leafOf, standingOf } from './standing-lookup.js';
import { statusListState } from './standing-leaves.js';
import { decodeStatusList, statusBit, statusListDigest } from './status-list.js';
import type { Tools } from './tools.js';

const DAY_MS = 86_400_000;
const PURPOSES: readonly (readonly [StatusPurpose, 'revoked' | 'suspended'])[] = [
  ['revocation', 'revoked'],
  ['suspension', 'suspended'],
];

export interface StatusClock {
  readonly now: Date;
  readonly maxAgeDays: number;
  /** Milliseconds since 1970 of the block that anchors the standing record; undefined without an anchor. */
  readonly anchoredAt: number | undefined;
}

/** The time that status is known as of, milliseconds since 1970. @throws Undecided standingMissing */
export function statusAsOf(bundle: ParsedBundle, anchoredAt: number | undefined): number {
  if (anchoredAt !== undefined) return anchoredAt;
  return isNewerThanStanding(bundle) ? bundle.issued.at : standingOf(bundle).at;
}

/** @throws VerificationError revoked, suspended; Undecided */
export async function checkStatus(bundle: ParsedBundle, clock: StatusClock, tools: Tools): Promise<Finding> {
  for (const [purpose, code] of PURPOSES) {
    const { list, index } = bundle.issued.data.statusLists[purpose];
    const bits = await committedBits(bundle, purpose, list, tools);
    if (bits !== undefined && statusBit(bits, index))
      fail(code, `entry ${index} of the ${purpose} list ${list} is set`);
  }
  const asOf = statusAsOf(bundle, clock.anchoredAt);
  const age = (clock.now.getTime() - asOf) / DAY_MS;
  const when = new Date(asOf).toISOString();
  if (age > clock.maxAgeDays) {
    throw new Undecided(
      'statusTooOld',
      `status is as of ${when}, ${Math.floor(age)} days ago; at most ${clock.maxAgeDays}`,
    );
  }
  return pass(
    `neither revoked nor suspended as of ${when}`,
    'whoever runs the ledger, to have logged what it was told',
  );
}

/** Issued after the newest standing record: nothing later than the issuance itself is known of it. */
function isNewerThanStanding(bundle: ParsedBundle): boolean {
  const { issued, standing, anchor } = bundle;
  return anchor === undefined && (standing === undefined || knownOf(bundle) <= issued.index);
}

/**
 * The list's bits as the log commits to them; undefined where none were published.
 * @throws Undecided statusListMissing, statusListMismatch, statusListOther, standingMissing, leafMissing
 */
async function committedBits(
  bundle: ParsedBundle,
  purpose: StatusPurpose,
  id: string,
  tools: Tools,
): Promise<Uint8Array | undefined> {
  const list = bundle.statusLists.find(({ id: url }) => typeof url === 'string' && url.endsWith(`/status/${id}`));
  // A list newer than the standing record has no digest to be held against: then only what it says against the
  // credential counts, and without it the credential is as it was when it was issued.
  if (isNewerThanStanding(bundle)) return list === undefined ? undefined : bitsOf(list, purpose, id, tools);
  const leaf = statusListState(leafOf(bundle, statusListStream(id)));
  if (leaf.organisation !== bundle.issued.data.organisation || leaf.purpose !== purpose) {
    throw new Undecided('statusListOther', `list ${id} is another organisation's or has another purpose`);
  }
  if (leaf.digest === undefined) return undefined;
  if (list === undefined) throw new Undecided('statusListMissing', `the bundle lacks the ${purpose} list ${id}`);
  const digest = digestOf(list, id, tools);
  if (digest !== leaf.digest) {
    throw new Undecided('statusListMismatch', `list ${id}: expected the digest ${leaf.digest}, got ${digest}`);
  }
  return bitsOf(list, purpose, id, tools);
}

/** The bundle is from anybody: a list without canonical form is not the one that the log commits to. */
function digestOf(list: JsonObject, id: string, { memory, platform }: Tools): string {
  try {
    return memory.of('listDigest', id, list, () => statusListDigest(list, platform.sha256));
  } catch (error) {
    if (error instanceof EncodingError) throw new Undecided('statusListMismatch', `list ${id}: ${echo(error.message)}`);
    throw error;
  }
}

async function bitsOf(list: JsonObject, purpose: StatusPurpose, id: string, tools: Tools): Promise<Uint8Array> {
  const { memory, platform } = tools;
  const subject = list['credentialSubject'];
  if (!isJsonObject(subject) || subject['statusPurpose'] !== purpose || typeof subject['encodedList'] !== 'string') {
    throw new Undecided('statusListMismatch', `expected a list with an encodedList for ${purpose}`);
  }
  const encoded = subject['encodedList'];
  try {
    return await memory.ofAsync('listBits', id, encoded, () => decodeStatusList(encoded, platform));
  } catch (error) {
    if (error instanceof EncodingError) throw new Undecided('statusListMismatch', echo(error.message));
    throw error;
  }
}
