/**
 * The audit's figures, for `bench.mjs` and by itself: a made-up log that keeps every rule, audited in a process of its own,
 * beside the floor, which reads, hashes and parses the same entries on two threads and does nothing else.
 *   node scripts/bench-audit.mjs make FOLDER [ENTRIES]   makes the log
 *   node scripts/bench-audit.mjs floor FOLDER            the floor, as JSON
 *   node scripts/bench-audit.mjs audit FOLDER [WORKERS]  the audit, as JSON
 */
import { createHash, hash, randomBytes } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import BetterSqlite3 from 'better-sqlite3';

const dist = (path) => import(new URL(`../dist/${path}`, import.meta.url).href);
const BUNDLE = 256;

async function audit(folder, workers) {
  const { auditLog } = await dist('audit/audit.js');
  const { openSqliteLogSource } = await dist('audit/sqlite-log-source.js');
  const { signer } = await dist('crypto/ed25519.js');
  const { formatVerifierKey } = await dist('log/note.js');
  const source = openSqliteLogSource(folder);
  const vkeys = [{ vkey: formatVerifierKey(ORIGIN, signer(KEY).publicKey) }];
  const started = performance.now();
  const result = await auditLog(source, { vkeys, ...(workers === undefined ? {} : { workers: Number(workers) }) });
  const seconds = (performance.now() - started) / 1000;
  await source.close();
  const { counts, credentials, entries, findings } = result;
  const memory = process.resourceUsage().maxRSS / 1024;
  return { entries, credentials, seconds, memory, counts, first: findings[0] };
}

/** Two threads, half of the bundles each: read, hash, parse. */
async function floor(folder) {
  const started = performance.now();
  const halves = [0, 1].map(
    (half) =>
      new Promise((resolve, reject) => {
        const worker = new Worker(fileURLToPath(import.meta.url), { workerData: { folder, half } });
        worker.on('message', resolve);
        worker.on('error', reject);
      }),
  );
  const counts = await Promise.all(halves);
  return { entries: counts[0] + counts[1], seconds: (performance.now() - started) / 1000 };
}

function readHalf({ folder, half }) {
  const db = new BetterSqlite3(join(folder, 'events.db'), { readonly: true });
  const read = db
    .prepare(
      `SELECT bytes FROM events CROSS JOIN contents ON contents.position = events.position
       WHERE log_index >= ? AND log_index < ? ORDER BY log_index`,
    )
    .pluck();
  let count = 0;
  for (let bundle = half; ; bundle += 2) {
    const entries = read.all(bundle * BUNDLE, (bundle + 1) * BUNDLE);
    if (entries.length === 0) break;
    for (const entry of entries) {
      const leaf = Buffer.allocUnsafe(entry.length + 1);
      leaf[0] = 0;
      leaf.set(entry, 1);
      hash('sha256', leaf, 'binary');
      if (JSON.parse(entry.toString()).v === 1) count += 1;
    }
  }
  db.close();
  parentPort.postMessage(count);
}

const ORIGIN = 'bench.example/log';
const KEY = Buffer.alloc(32, 7);
const ORGANISATIONS = 100;
const DEFINITIONS = 300;
/** Entries of a batch, about. */
const BATCH = 2_000;
/** Slots of a block of status indexes. */
const BLOCK = 4_096;

/** Issuances with their assessments, one change of status to fifteen of them, mandates, versions, batches with anchors. */
export async function makeLog(folder, total) {
  const { canonicalBytes } = await dist('encoding/jcs.js');
  const { MerkleTree } = await dist('log/merkle-tree.js');
  const { StandingTree } = await dist('log/standing-tree.js');
  const { StandingState } = await dist('anchoring/standing-state.js');
  const { formatCheckpoint } = await dist('log/checkpoint.js');
  const { signNote, formatVerifierKey } = await dist('log/note.js');
  const { toMultikey } = await dist('encoding/base58.js');
  const { signer } = await dist('crypto/ed25519.js');
  const { openSqliteEventStore } = await dist('event-store/sqlite.js');
  const { encodeStatusList, setStatusBit, statusListDigest } = await dist('verification/status-list.js');
  mkdirSync(folder, { recursive: true });
  const file = join(folder, 'events.db');
  await openSqliteEventStore(file).close();
  const db = new BetterSqlite3(file);
  db.pragma('journal_mode = WAL');
  db.pragma('synchronous = OFF');
  const event = db.prepare('INSERT INTO events (position, stream, revision, id, log_index) VALUES (?, ?, ?, ?, ?)');
  const content = db.prepare('INSERT INTO contents (position, bytes, sealed) VALUES (?, ?, NULL)');

  const tree = new MerkleTree();
  const standing = new StandingState();
  const standingTree = new StandingTree();
  const base64 = (bytes) => Buffer.from(bytes).toString('base64');
  let pool = Buffer.alloc(0);
  const random = (bytes) => {
    if (pool.length < bytes) pool = randomBytes(1 << 16);
    const taken = pool.subarray(0, bytes);
    pool = pool.subarray(bytes);
    return taken;
  };
  const hex = (bytes) => random(bytes).toString('hex');
  const uuid = () => hex(16).replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
  const below = (n) => random(4).readUInt32LE() % n;
  const begun = Date.parse('2026-01-01T00:00:00.000Z');
  const revisions = new Map();
  const at = () => new Date(begun + tree.size * 400).toISOString();

  const append = (stream, revision, type, data, sealed) => {
    const index = tree.size;
    const id = uuid();
    const entry = { v: 1, stream, revision, id, type, at: at(), by: 'operator', data };
    const bytes = canonicalBytes(sealed ? { ...entry, sealed: hex(32) } : entry);
    tree.appendEntry(bytes);
    event.run(index + 1, stream, revision, Buffer.from(id.replaceAll('-', ''), 'hex'), index);
    content.run(index + 1, bytes);
    return index;
  };
  const shared = (stream, type, data, sealed) => {
    const revision = (revisions.get(stream) ?? -1) + 1;
    revisions.set(stream, revision);
    const index = append(stream, revision, type, data, sealed);
    standing.apply({ stream, revision, type, data, index });
    return index;
  };

  db.exec('BEGIN');
  const key = signer(KEY);
  shared('ledger', 'LedgerFounded', { origin: ORIGIN, vkey: formatVerifierKey(ORIGIN, key.publicKey) });
  const [contract, anchorer] = [`0x${hex(20)}`, `0x${hex(20)}`];
  shared('ledger', 'ChainAdded', { name: 'embedded', chainId: 31337, contract, anchorer, firstBlock: 1 });
  const organisations = Array.from({ length: ORGANISATIONS }, (_, i) => {
    const id = uuid();
    const kid = toMultikey(signer(createHash('sha256').update(`${i}`).digest()).publicKey);
    const profile = { name: `Utbildaren ${i}`, organisationNumber: '5599990016', country: 'SE', roles: ['issuer'] };
    shared(`organisation-${id}`, 'OrganisationRegistered', { ...profile, did: `did:web:bench.example:o:${id}` });
    shared(`organisation-${id}`, 'IssuingKeyAdded', { kid, publicKeyMultibase: kid, custody: 'operator' });
    return { id, kid, hands: {} };
  });
  const contentOf = (owner, title) => ({
    title: { sv: title },
    summary: { sv: 'För mätning.' },
    tasks: [{ sv: 'Innehavaren kan mäta.' }],
    learningOutcomes: [1, 2, 3].map((n) => ({
      ...{ category: 'skill', language: 'sv', lead: 'Innehavaren kan', activity: 'mäta', content: `sak ${n}` },
      context: 'enligt en rutin',
    })),
    workload: { hours: 8 },
    assessmentMethods: ['oralOpenQuestions'],
    participation: ['onSite'],
    qualityAssurance: [{ type: 'internal', description: { sv: 'Ingen.' } }],
    creator: { organisation: owner, did: `did:web:bench.example:o:${owner}`, name: 'Utbildaren' },
  });
  const definitions = Array.from({ length: DEFINITIONS }, (_, i) => {
    const id = uuid();
    const owner = organisations[i % ORGANISATIONS];
    shared(`definition-${id}`, 'DefinitionCreated', { creator: owner.id, owner: owner.id, visibility: 'public' });
    shared(`definition-${id}`, 'VersionPublished', { version: 1, content: contentOf(owner.id, `Mätning ${i}`) });
    const grants = Array.from({ length: 3 }, (__, n) => {
      const organisation = organisations[(i + 1 + n) % ORGANISATIONS];
      const grant = { mandate: uuid(), organisation: organisation.id, requirementsChecked: true };
      shared(`definition-${id}`, 'MandateGranted', grant);
      return { mandate: grant.mandate, organisation };
    });
    return { id, owner, versions: 1, issuers: [{ mandate: 'owner', organisation: owner }, ...grants] };
  });

  const lists = new Map();
  const take = (organisation, purpose) => {
    let hand = organisation.hands[purpose];
    if (!hand || hand.slots === 131_072) {
      const id = uuid();
      hand = { id, next: 0, slots: 0 };
      organisation.hands[purpose] = hand;
      lists.set(id, { sequence: 0, isOld: true, bits: Buffer.alloc(16_384) });
      shared(`statuslist-${id}`, 'StatusListOpened', { organisation: organisation.id, purpose });
    }
    if (hand.next === hand.slots) {
      shared(`statuslist-${hand.id}`, 'IndexBlockAllotted', { from: hand.slots, count: BLOCK });
      hand.slots += BLOCK;
    }
    // An odd factor: every slot has an index of its own, and they look like nothing.
    const index = (hand.next * 40_503 + 77) % 131_072;
    hand.next += 1;
    return { list: hand.id, index };
  };
  const issued = [];
  const issue = () => {
    const definition = definitions[below(DEFINITIONS)];
    const { mandate, organisation } = definition.issuers[below(definition.issuers.length)];
    append(`assessment-${uuid()}`, 0, 'AssessmentRecorded', { organisation: organisation.id }, true);
    const statusLists = { revocation: take(organisation, 'revocation'), suspension: take(organisation, 'suspension') };
    const id = uuid();
    const streams = [`organisation-${organisation.id}`, `definition-${definition.id}`];
    const data = {
      ...{ digest: hex(32), organisation: organisation.id, key: organisation.kid, definition: definition.id, mandate },
      ...{
        version: 1 + below(definition.versions),
        statusLists,
        validFrom: at(),
        validUntil: '2030-01-01T00:00:00.000Z',
      },
      reads: streams.map((stream) => ({ stream, revision: revisions.get(stream) })),
    };
    append(`credential-${id}`, 0, 'CredentialIssued', data, true);
    if (issued.length < 100_000) issued.push({ id, revision: 0, isSuspended: false, isRevoked: false, statusLists });
  };
  const change = ({ list, index }, isSet) => {
    const changed = lists.get(list);
    changed.isOld = true;
    setStatusBit(changed.bits, index, isSet);
  };
  const changeStatus = () => {
    const one = issued[below(issued.length)];
    if (!one || one.isRevoked) return;
    const stream = `credential-${one.id}`;
    one.revision += 1;
    if (one.isSuspended) append(stream, one.revision, 'CredentialReinstated', {});
    else if (below(2) === 0) append(stream, one.revision, 'CredentialSuspended', { reasonCode: 'underReview' });
    else {
      append(stream, one.revision, 'CredentialRevoked', { reasonCode: 'issuedInError' });
      one.isRevoked = true;
      change(one.statusLists.revocation, true);
      if (one.isSuspended) change(one.statusLists.suspension, false);
      return;
    }
    one.isSuspended = !one.isSuspended;
    change(one.statusLists.suspension, one.isSuspended);
  };
  const republish = () => {
    const definition = definitions[below(DEFINITIONS)];
    definition.versions += 1;
    const content = contentOf(definition.owner.id, 'Mätning');
    shared(`definition-${definition.id}`, 'VersionPublished', { version: definition.versions, content });
  };
  let [batch, sealed] = [0, 0];
  /** Each list's last edition, which is the one that an audit opens: the others have digests of nothing. */
  const documents = new Map();
  const seal = () => {
    for (const [id, list] of lists) {
      if (!list.isOld) continue;
      list.isOld = false;
      list.sequence += 1;
      const digest = documents.has(id) ? statusListDigest(documents.get(id)) : hex(32);
      shared(`statuslist-${id}`, 'StatusListPublished', { sequence: list.sequence, digest });
    }
    const leaves = standing.made();
    standingTree.become(leaves);
    const root = base64(standingTree.root());
    const toIndex = shared('standing', 'StandingRecorded', { root, leaves: leaves.length, size: tree.size });
    batch += 1;
    const range = { number: batch, fromIndex: sealed, toIndex, size: toIndex + 1, root: base64(tree.root()) };
    sealed = toIndex + 1;
    const chainId = 31337;
    const place = { chainId, txHash: `0x${hex(32)}` };
    const block = { ...place, blockNumber: batch, blockHash: `0x${hex(32)}` };
    const sent = { ...place, contract, anchorer, nonce: batch, signedTransaction: `0x${hex(180)}` };
    const mined = { ...block, blockTime: 1_767_225_600, transactionIndex: 0, logIndex: 0, gasUsed: '22000' };
    shared(`batch-${batch}`, 'BatchSealed', range);
    shared(`batch-${batch}`, 'AnchorSubmitted', sent);
    shared(`batch-${batch}`, 'AnchorConfirmed', mined);
    shared(`batch-${batch}`, 'AnchorFinalised', block);
  };
  while (tree.size < total - 400) {
    for (let i = 0; i < 15; i += 1) issue();
    changeStatus();
    if (below(40) === 0) republish();
    if (tree.size - sealed > BATCH) seal();
  }
  for (const [id, list] of lists) {
    list.isOld = true;
    documents.set(id, { id, credentialSubject: { encodedList: await encodeStatusList(list.bits) } });
  }
  seal();
  while (tree.size < total)
    append(`assessment-${uuid()}`, 0, 'AssessmentRecorded', { organisation: organisations[0].id }, true);
  const text = formatCheckpoint({ origin: ORIGIN, size: tree.size, root: tree.root() });
  const head = {
    size: tree.size,
    root: base64(tree.root()),
    checkpoint: signNote(text, ORIGIN, key.publicKey, key.sign),
  };
  const bytes = Buffer.from(JSON.stringify({ data: head }));
  event.run(tree.size + 1, 'vault-signed-heads', 0, random(16), null);
  content.run(tree.size + 1, bytes);
  let position = tree.size + 1;
  for (const [id, document] of documents) {
    position += 1;
    const kept = { sequence: lists.get(id).sequence, document, changes: 0 };
    event.run(position, `vault-statuslist-${id}`, 0, random(16), null);
    content.run(position, Buffer.from(JSON.stringify({ data: kept })));
  }
  db.prepare('UPDATE counters SET position = ?, log_size = ?').run(position, tree.size);
  db.exec('COMMIT');
  db.pragma('wal_checkpoint(TRUNCATE)');
  db.close();
}

if (!isMainThread) readHalf(workerData);
else if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [, , command, folder, number] = process.argv;
  if (command === 'make') await makeLog(folder, Number(number ?? 1_000_000));
  else if (command === 'floor') console.log(JSON.stringify(await floor(folder)));
  else console.log(JSON.stringify(await audit(folder, number)));
}
