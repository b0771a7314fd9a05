/**
 * `npm run bench`: measures the built service on this machine, prints a table, writes bench/results/latest.json.
 * Every product figure has its floor from the same run beside it: what the bare parts cost without the service.
 * `npm run bench -- PART…` measures those parts alone and writes nothing: tree, store, models, log, audit, service, verifier.
 */
import { spawn, spawnSync } from 'node:child_process';
import { createHash, createPublicKey, hash, randomBytes, randomUUID, verify as verifySignature } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import os from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import BetterSqlite3 from 'better-sqlite3';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const dist = (path) => import(join(ROOT, 'dist', path));
const folder = mkdtempSync(join(os.tmpdir(), 'meritkedja-bench-'));
const results = [];

process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
let documents;
const parts = {
  tree,
  store,
  models: readModels,
  log: millionEntries,
  audit: auditedMillion,
  service: async () => (documents = await service()),
  verifier: async () => verifier((documents ??= await service())),
};
const wanted = process.argv.slice(2);
const unknown = wanted.filter((part) => !Object.hasOwn(parts, part));
if (unknown.length > 0) {
  console.error(`There is no part ${unknown.join(', ')}: name some of ${Object.keys(parts).join(', ')}`);
  process.exit(64);
}
for (const [part, measure] of Object.entries(parts)) if (wanted.length === 0 || wanted.includes(part)) await measure();
report(wanted.length === 0);

function record(what, value, unit, floor) {
  results.push({ what, value: Math.round(value), unit, ...(floor === undefined ? {} : { floor: Math.round(floor) }) });
  const ratio = floor === undefined ? '' : ` (floor ${Math.round(floor)}, ${Math.round((value / floor) * 100)} %)`;
  console.log(`${what}: ${Math.round(value)} ${unit}${ratio}`);
}

function perSecond(count, milliseconds) {
  return (count * 1000) / milliseconds;
}

/** A million leaves: hashing into the tree beside a million raw hashes. */
async function tree() {
  const { MerkleTree } = await dist('log/merkle-tree.js');
  const leaves = Array.from({ length: 1_000_000 }, (_, i) => {
    const leaf = Buffer.alloc(32);
    leaf.writeUInt32BE(i);
    return leaf;
  });
  const node = Buffer.alloc(65, 1);
  let started = performance.now();
  for (let i = 0; i < 1_000_000; i += 1) createHash('sha256').update(node).digest();
  const floor = perSecond(1_000_000, performance.now() - started);
  const merkle = new MerkleTree();
  started = performance.now();
  merkle.appendMany(leaves);
  merkle.root();
  record('Merkle tree, leaves', perSecond(1_000_000, performance.now() - started), '/s', floor);
  started = performance.now();
  for (let i = 0; i < 20_000; i += 1) merkle.inclusionPath((i * 7919) % 1_000_000);
  record('Inclusion paths in a tree of 1,000,000', perSecond(20_000, performance.now() - started), '/s');
}

/** Durable appends of 1 KB events beside a bare loop that does the same work in groups with the raw driver. */
async function store() {
  const { openSqliteEventStore } = await dist('event-store/sqlite.js');
  const { entryBytes } = await dist('event-store/entry.js');
  const draft = (sealed) => ({
    id: randomUUID(),
    type: 'Measured',
    v: 1,
    at: '2026-01-01T00:00:00.000Z',
    by: 'process:bench',
    data: { text: 'x'.repeat(600), number: 1 },
    sealed,
  });
  const floorOf = (group, total) => {
    const db = new BetterSqlite3(join(folder, `floor-${group}.db`));
    db.pragma('journal_mode = WAL');
    db.pragma('synchronous = FULL');
    db.exec('CREATE TABLE events (id TEXT PRIMARY KEY, stream TEXT, revision INTEGER, entry BLOB, sealed BLOB)');
    const insert = db.prepare('INSERT INTO events VALUES (?, ?, ?, ?, ?)');
    const started = performance.now();
    for (let done = 0; done < total; done += group) {
      db.transaction(() => {
        for (let i = 0; i < group; i += 1) {
          const event = { ...draft(randomBytes(300)), stream: `bench-${randomUUID()}`, revision: 0 };
          const entry = entryBytes(event);
          createHash('sha256').update(entry).digest();
          insert.run(event.id, event.stream, 0, entry, event.sealed);
        }
      })();
    }
    const rate = perSecond(total, performance.now() - started);
    db.close();
    return rate;
  };
  const events = openSqliteEventStore(join(folder, 'store.db'));
  const measure = async (inFlight, total) => {
    let left = total;
    const one = async () => {
      while (left-- > 0) {
        await events.append({
          stream: `bench-${randomUUID()}`,
          expectedRevision: -1,
          events: [draft(randomBytes(300))],
        });
      }
    };
    const started = performance.now();
    await Promise.all(Array.from({ length: inFlight }, one));
    return perSecond(total, performance.now() - started);
  };
  record('Durable appends, one writer', await measure(1, 1_000), '/s', floorOf(1, 1_000));
  record('Durable appends, 256 in flight', await measure(256, 30_000), '/s', floorOf(256, 30_000));
  const batches = async (total) => {
    const stream = `bench-${randomUUID()}`;
    const started = performance.now();
    for (let done = 0; done < total; done += 256) {
      const drafts = Array.from({ length: 256 }, () => draft(randomBytes(300)));
      await events.append({ stream, expectedRevision: done - 1, events: drafts });
    }
    return perSecond(total, performance.now() - started);
  };
  record('Durable appends, batches of 256 on one stream', await batches(25_600), '/s');
  await events.close();
}

/** A log of a million entries, opened by a process that does nothing else: made, and then taken up again. */
async function millionEntries() {
  const { openSqliteEventStore } = await dist('event-store/sqlite.js');
  const total = 1_000_000;
  const group = 5_000;
  const file = join(folder, 'million.db');
  const events = openSqliteEventStore(file);
  for (let done = 0; done < total; done += group) {
    const appends = Array.from({ length: group / 100 }, (_, i) => ({
      stream: `bench-${done / 100 + i}`,
      expectedRevision: -1,
      events: Array.from({ length: 100 }, (_, n) => ({
        ...{ id: randomUUID(), type: 'Measured', v: 1, at: '2026-01-01T00:00:00.000Z', by: 'process:bench' },
        data: { n: done + 100 * i + n },
      })),
    }));
    await events.appendMany(appends);
  }
  await events.close();
  const open = () => {
    const script = join(ROOT, 'scripts/bench-log.mjs');
    const { stdout, stderr } = spawnSync(process.execPath, [script, file, join(folder, 'million')], {
      encoding: 'utf8',
    });
    if (stdout === '') throw new Error(stderr);
    return JSON.parse(stdout);
  };
  record('Log of 1,000,000 entries, opened for the first time', open().open, 'ms');
  const again = open();
  record('… opened again', again.open, 'ms');
  record('… inclusion proof, median', again.median, 'µs');
  record('… inclusion proof, 99th percentile', again.p99, 'µs');
  record('… resident memory of the process', again.memory, 'MiB');
  rmSync(file);
}

/** One credential over HTTP, 50 connections, durable and in the log; then its bundle. */
async function service() {
  const port = 20_000 + Math.floor(Math.random() * 20_000);
  const token = randomBytes(32).toString('base64url');
  const child = spawn(process.execPath, ['dist/main.js'], {
    cwd: ROOT,
    stdio: ['ignore', 'pipe', 'inherit'],
    env: {
      ...process.env,
      PORT: String(port),
      DATA_DIR: join(folder, 'data'),
      SEED: 'none',
      ADMIN_TOKEN: token,
      LOG_LEVEL: 'warn',
      ANCHOR_INTERVAL: '5',
    },
  });
  try {
    await new Promise((resolve, reject) => {
      child.stdout.on('data', (chunk) => String(chunk).includes('ready at') && resolve());
      child.on('exit', (code) => reject(new Error(`the service ended with ${code}`)));
    });
    return await issue(port, token);
  } finally {
    child.removeAllListeners('exit');
    const ended = new Promise((resolve) => child.on('exit', resolve));
    child.kill('SIGTERM');
    await ended;
  }
}

async function issue(port, token) {
  const agent = new http.Agent({ keepAlive: true, maxSockets: 50 });
  const call = (method, path, body) =>
    new Promise((resolve, reject) => {
      const payload = body === undefined ? undefined : JSON.stringify(body);
      const request = http.request(
        {
          port,
          method,
          path,
          agent,
          headers: {
            authorization: `Bearer ${token}`,
            ...(payload ? { 'content-type': 'application/json', 'content-length': Buffer.byteLength(payload) } : {}),
          },
        },
        (response) => {
          const chunks = [];
          response.on('data', (chunk) => chunks.push(chunk));
          response.on('end', () => {
            const text = Buffer.concat(chunks).toString();
            if (response.statusCode >= 300) reject(new Error(`${method} ${path}: ${response.statusCode} ${text}`));
            else resolve(JSON.parse(text));
          });
        },
      );
      request.on('error', reject);
      request.end(payload);
    });
  const organisation = await call('POST', '/api/v1/organisations', {
    name: 'Benchmark',
    organisationNumber: '5599990016',
    country: 'SE',
    roles: ['issuer'],
  });
  const outcome = { language: 'sv', lead: 'Innehavaren kan', content: 'en sak', context: 'enligt en rutin' };
  const definition = await call('POST', '/api/v1/definitions', {
    organisationId: organisation.id,
    title: { sv: 'Mätning' },
    summary: { sv: 'För mätning.' },
    tasks: [{ sv: 'Innehavaren kan mäta.' }],
    learningOutcomes: [
      { category: 'knowledge', activity: 'förklara', ...outcome },
      { category: 'skill', activity: 'mäta', ...outcome },
      { category: 'responsibility', activity: 'bedöma', ...outcome },
    ],
    workload: { hours: 8 },
    assessmentMethods: ['oralOpenQuestions'],
    participation: ['onSite'],
    qualityAssurance: [{ type: 'internal', description: { sv: 'Ingen.' } }],
  });
  await call('POST', `/api/v1/definitions/${definition.id}/publish`, {});
  const input = (n) => ({
    definitionId: definition.id,
    organisationId: organisation.id,
    holder: { givenName: 'Mät', familyName: `Person ${n}` },
    route: 'course',
    assessment: {
      assessedOn: '2026-01-01',
      method: 'oralOpenQuestions',
      assessor: { name: 'Bedömare' },
      outcomes: [1, 2, 3].map((number) => ({ number, met: true })),
    },
  });
  const run = async (total) => {
    const times = [];
    let left = total;
    const worker = async () => {
      while (left-- > 0) {
        const started = performance.now();
        await call('POST', '/api/v1/credentials', input(left));
        times.push(performance.now() - started);
      }
    };
    const started = performance.now();
    await Promise.all(Array.from({ length: 50 }, worker));
    return { rate: perSecond(total, performance.now() - started), times: times.sort((a, b) => a - b) };
  };
  await run(300);
  const { rate, times } = await run(4_000);
  record('Credentials issued over HTTP, 50 connections', rate, '/s');
  record('… 99th percentile', times[Math.floor(times.length * 0.99)], 'ms');
  const { items } = await call('GET', '/api/v1/credentials?limit=50');
  for (;;) {
    await call('POST', '/api/v1/batches/seal');
    const proofs = [];
    for (const { id } of items) proofs.push(await call('GET', `/api/v1/credentials/${id}/proof`));
    const isOfOneHead = proofs.every(({ anchor, checkpoint }) => anchor && checkpoint === proofs[0].checkpoint);
    if (isOfOneHead) {
      const trust = await call('GET', '/.well-known/meritkedja.json');
      agent.destroy();
      return { proofs, trust };
    }
  }
}

/**
 * Read models rebuilt from a log of issuances with sealed parts, status changes, definitions and anchors; beside it the
 * floor: the same events read and parsed, and nothing done with them.
 */
async function readModels(total = 200_000) {
  const { openSqliteEventStore } = await dist('event-store/sqlite.js');
  const { ReadModels } = await dist('event-store/projections.js');
  const { organisationsProjection } = await dist('organisations/organisations.read.js');
  const { catalogueProjection } = await dist('definitions/catalogue.read.js');
  const { registerProjection } = await dist('credentials/register.read.js');
  const { statusListsProjection } = await dist('credentials/status-lists.read.js');
  const { batchesProjection } = await dist('anchoring/batches.read.js');
  const projections = [
    organisationsProjection,
    catalogueProjection,
    registerProjection,
    statusListsProjection,
    batchesProjection,
  ];
  const events = openSqliteEventStore(join(folder, 'history.db'));
  const history = madeUpHistory();
  for (let written = 0; written < total; written += 500) await events.appendMany(history(500));
  const { position } = await events.head();
  let started = performance.now();
  for (let after = 0n; after < position;) after = (await events.readAll({ after, limit: 1_000 })).at(-1).position;
  const floor = perSecond(total, performance.now() - started);
  const models = await ReadModels.start(join(folder, 'read-models'), events, projections, async () => []);
  // The longest time that something else had to wait for its turn.
  let longest = 0;
  let last = performance.now();
  const timer = setInterval(() => {
    longest = Math.max(longest, performance.now() - last - 1);
    last = performance.now();
  }, 1);
  await models.caughtUp(position);
  started = performance.now();
  last = started;
  longest = 0;
  const generation = models.rebuild();
  while (models.status.serving?.generation !== generation) await new Promise((go) => setTimeout(go, 5));
  record('Events a second, read models rebuilt', perSecond(total, performance.now() - started), '/s', floor);
  clearInterval(timer);
  record('… longest hold-up of a request meanwhile', longest, 'ms');
  await models.stop();
  started = performance.now();
  const again = await ReadModels.start(join(folder, 'read-models'), events, projections, async () => []);
  record(`… opened again with ${total} events`, performance.now() - started, 'ms');
  await again.stop();
  await events.close();
}

/** What a ledger's log looks like to whoever reads it: three issuances to each change of status, a batch every 100. */
function madeUpHistory() {
  const at = '2026-03-01T12:00:00.000Z';
  const hex = (bytes) => randomBytes(bytes).toString('hex');
  const append = (stream, revision, type, data, sealed) => ({
    stream,
    expectedRevision: revision - 1,
    events: [{ id: randomUUID(), type, v: 1, at, by: 'process:bench', data, ...(sealed && { sealed }) }],
  });
  const [organisation, definition, list] = [randomUUID(), randomUUID(), randomUUID()];
  const outcome = { category: 'skill', language: 'sv', lead: 'Innehavaren kan', activity: 'mäta', content: 'en sak' };
  const content = {
    title: { sv: 'Mätning' },
    summary: { sv: 'För mätning.' },
    creator: { name: 'Benchmark' },
    tasks: [{ sv: 'Innehavaren kan mäta.' }],
    learningOutcomes: Array.from({ length: 5 }, () => ({ ...outcome, context: 'enligt en rutin' })),
  };
  const profile = { name: 'Benchmark', organisationNumber: '5599990016', country: 'SE', roles: ['issuer'] };
  const waiting = [
    append(`organisation-${organisation}`, 0, 'OrganisationRegistered', { did: 'did:web:bench.example', ...profile }),
    append(`statuslist-${list}`, 0, 'StatusListOpened', { organisation, purpose: 'revocation' }),
    append(`definition-${definition}`, 0, 'DefinitionCreated', { owner: organisation, visibility: 'public' }),
  ];
  const issued = [];
  let [batch, size, version] = [0, 0, 0];
  const hundred = () => {
    for (let i = 0; i < 70; i += 1) {
      const id = randomUUID();
      issued.push({ id, revision: 0 });
      const place = { list, index: issued.length };
      const data = { digest: hex(32), organisation, definition, version: 1, mandate: 'owner', validFrom: at };
      const reads = [
        { stream: `organisation-${organisation}`, revision: 0 },
        { stream: `definition-${definition}`, revision: version },
      ];
      const lists = { statusLists: { revocation: place, suspension: place }, reads };
      waiting.push(append(`credential-${id}`, 0, 'CredentialIssued', { ...data, ...lists }, randomBytes(900)));
    }
    for (let i = 0; i < 23; i += 1) {
      const credential = issued[Math.floor(Math.random() * issued.length)];
      credential.revision += 1;
      const change = ['CredentialSuspended', { reasonCode: 'underInvestigation' }];
      waiting.push(append(`credential-${credential.id}`, credential.revision, ...change));
    }
    version += 1;
    waiting.push(append(`definition-${definition}`, version, 'VersionPublished', { version, content }));
    batch += 1;
    const range = { fromIndex: size, toIndex: size + 98, size: size + 99, root: hex(32) };
    size += 99;
    const block = { blockNumber: batch, blockHash: `0x${hex(32)}`, blockTime: 1, gasUsed: '50000' };
    const chain = { chainId: 31337, contract: `0x${hex(20)}`, anchorer: `0x${hex(20)}` };
    const proof = { chainId: 31337, header: hex(600), receipt: hex(1_000) };
    waiting.push(
      append('standing', batch - 1, 'StandingRecorded', { root: hex(32), leaves: 3, size }),
      append(`batch-${batch}`, 0, 'BatchSealed', { number: batch, ...range }),
      append(`batch-${batch}`, 1, 'AnchorSubmitted', { ...chain, txHash: `0x${hex(32)}` }),
      append(`batch-${batch}`, 2, 'AnchorConfirmed', { chainId: 31337, ...block }),
      append(`vault-anchor-${batch}`, 0, 'AnchorProofKept', { proof }),
      append(`batch-${batch}`, 3, 'AnchorFinalised', { chainId: 31337 }),
    );
  };
  return (count) => {
    while (waiting.length < count) hundred();
    return waiting.splice(0, count);
  };
}

/**
 * The verifier on one ledger's documents. The floor of a credential: the same text parsed, made canonical, hashed and its
 * signature verified, with nothing looked at; beside it @digitalbazaar/vc with its eddsa-jcs-2022, keys and status at hand.
 * All in short turns, the best of fifteen: what else the machine does meets each of them.
 */
async function verifier({ proofs, trust }) {
  const { Memory, parseJson, PLAIN, verify } = await dist('verification/index.js');
  const { NODE_PLATFORM } = await dist('crypto/node-platform.js');
  const bundles = proofs.map((proof) => JSON.stringify(proof));
  const credentials = proofs.map(({ credential }) => JSON.stringify(credential));
  const anchors = proofs.flatMap(({ anchor, firstAnchor }) => [anchor, firstAnchor?.anchor]);
  const pinnedBlockHashes = [...new Set(anchors.flatMap((anchor) => (anchor ? [anchor.blockHash] : [])))];
  const alone = { trust: [trust], now: new Date(), clock: 'verifier', pinnedBlockHashes, platform: NODE_PLATFORM };
  const together = { ...alone, memory: new Memory() };
  const plain = { ...alone, platform: PLAIN };
  const expecting = async (verdict, report) => {
    const given = await report;
    if (given.verdict !== verdict) throw new Error(`expected ${verdict}, got ${JSON.stringify(given, null, 2)}`);
  };
  const { floor, nobleAlone } = await floors(proofs, credentials);
  const rates = await inTurns(proofs.length, {
    floor,
    credential: (i) => expecting('undetermined', verify(parseJson(credentials[i]), together)),
    others: await digitalbazaar(proofs, credentials),
    bundles: (i) => expecting('valid', verify(parseJson(bundles[i]), together)),
    bundle: (i) => expecting('valid', verify(parseJson(bundles[i]), alone)),
    nobleAlone,
    plain: (i) => expecting('undetermined', verify(parseJson(credentials[i]), plain)),
  });
  record('Credentials verified, from text to report', rates.credential, '/s', rates.floor);
  record('… by @digitalbazaar/vc, eddsa-jcs-2022', rates.others, '/s', rates.floor);
  record('… without the platform’s Ed25519', rates.plain, '/s', rates.nobleAlone);
  record('Proof bundles of one ledger verified, from text to report', rates.bundles, '/s', rates.floor);
  record('… each for itself', rates.bundle, '/s', rates.floor);
  manyFiles(bundles, trust, pinnedBlockHashes[0]);
}

/** Calls each in turn for a while, fifteen times round. @returns calls a second of processor time, the best of each */
async function inTurns(count, calls) {
  const best = {};
  for (let round = 0; round < 15; round += 1) {
    for (const [name, call] of Object.entries(calls)) {
      const before = process.cpuUsage();
      const spent = () => {
        const { user, system } = process.cpuUsage(before);
        return (user + system) / 1000;
      };
      let done = 0;
      for (; done % 16 !== 0 || spent() < 200; done += 1) await call(done % count);
      best[name] = Math.max(best[name] ?? 0, perSecond(done, spent()));
    }
  }
  return best;
}

/** What must be done at the least for each credential, by the platform; and @noble/ed25519's own `verify`. */
async function floors(proofs, credentials) {
  const { canonicalBytes } = await dist('encoding/jcs.js');
  const { fromMultibase, fromMultikey } = await dist('encoding/base58.js');
  const noble = await import('@noble/ed25519');
  const { sha512 } = await import('@noble/hashes/sha2.js');
  noble.hashes.sha512 = sha512;
  const [proof] = proofs[0].credential.proof;
  const raw = fromMultikey(proof.verificationMethod.split('#')[1]);
  const der = Buffer.concat([Buffer.from('302a300506032b6570032100', 'hex'), raw]);
  const key = createPublicKey({ key: der, format: 'der', type: 'spki' });
  const signatures = proofs.map(({ credential }) => fromMultibase(credential.proof[0].proofValue));
  const digest = (value) => hash('sha256', canonicalBytes(value), 'buffer');
  // A member that is undefined is not in the canonical form.
  const signed = (credential) => {
    const configuration = { ...credential.proof[0], proofValue: undefined };
    return Buffer.concat([digest(configuration), digest({ ...credential, proof: undefined })]);
  };
  const messages = proofs.map(({ credential }) => signed(credential));
  return {
    floor: (i) => {
      if (!verifySignature(null, signed(JSON.parse(credentials[i])), key, signatures[i])) throw new Error('floor');
    },
    nobleAlone: (i) => {
      if (!noble.verify(signatures[i], messages[i], raw, { zip215: false })) throw new Error('noble');
    },
  };
}

async function digitalbazaar(proofs, credentials) {
  const { verifyCredential } = await import('@digitalbazaar/vc');
  const { DataIntegrityProof } = await import('@digitalbazaar/data-integrity');
  const { createVerifyCryptosuite } = await import('@digitalbazaar/eddsa-jcs-2022-cryptosuite');
  const id = proofs[0].credential.proof[0].verificationMethod;
  const [controller, publicKeyMultibase] = id.split('#');
  const multikey = 'https://w3id.org/security/multikey/v1';
  const key = { '@context': multikey, id, type: 'Multikey', controller, publicKeyMultibase };
  const did = {
    '@context': ['https://www.w3.org/ns/did/v1', multikey],
    id: controller,
    verificationMethod: [key],
    assertionMethod: [id],
  };
  const documents = { [id]: key, [controller]: did };
  const documentLoader = async (url) => ({ documentUrl: url, document: documents[url], contextUrl: null });
  const suite = new DataIntegrityProof({ cryptosuite: createVerifyCryptosuite() });
  const checkStatus = async () => ({ verified: true });
  return async (i) => {
    const credential = JSON.parse(credentials[i]);
    const { verified, error } = await verifyCredential({ credential, suite, documentLoader, checkStatus });
    if (!verified) throw new Error('@digitalbazaar/vc', { cause: error });
  };
}

/** The command line on a folder of 5,000 bundles, in as many threads as there are processors. */
function manyFiles(bundles, trust, blockHash) {
  const documents = join(folder, 'bundles');
  mkdirSync(documents);
  const total = 5_000;
  for (let i = 0; i < total; i += 1) writeFileSync(join(documents, `${i}.json`), bundles[i % bundles.length]);
  const trustFile = join(folder, 'trust.json');
  writeFileSync(trustFile, JSON.stringify(trust));
  const started = performance.now();
  const argv = ['verify', documents, '--json', '--offline', '--trust', trustFile, '--block-hash', blockHash];
  const { status, stderr } = spawnSync(process.execPath, [join(ROOT, 'scripts/meritkedja.mjs'), ...argv], {
    encoding: 'utf8',
    maxBuffer: 256 * 1024 * 1024,
  });
  if (status !== 0) throw new Error(stderr);
  record(`meritkedja verify of a folder of ${total} bundles`, perSecond(total, performance.now() - started), '/s');
}

/** A log of a million entries, each decided again; processes of their own, so that memory is the audit's alone. */
function auditedMillion() {
  const log = join(folder, 'audited');
  const said = (command) => {
    const argv = [join(ROOT, 'scripts/bench-audit.mjs'), command, log];
    const { status, stdout, stderr } = spawnSync(process.execPath, argv, { encoding: 'utf8' });
    if (status !== 0) throw new Error(stderr);
    return stdout === '' ? undefined : JSON.parse(stdout);
  };
  said('make');
  const floor = said('floor');
  const { entries, seconds, memory, counts, first } = said('audit');
  if (counts.error + counts.warning > 0) throw new Error(`the audit found ${JSON.stringify(first)}`);
  record('Entries audited, each decided again', entries / seconds, '/s', floor.entries / floor.seconds);
  record('… a million of them', seconds * 1000, 'ms');
  record('… most memory of the process', memory, 'MiB');
  rmSync(log, { recursive: true });
}

/** @param isWhole everything was measured: only then it is kept */
function report(isWhole) {
  const machine = `${os.cpus().length} × ${os.cpus()[0]?.model ?? 'unknown'}, ${Math.round(os.totalmem() / 2 ** 30)} GiB, Node ${process.version}`;
  const file = join(ROOT, 'bench/results/latest.json');
  mkdirSync(join(ROOT, 'bench/results'), { recursive: true });
  if (isWhole)
    writeFileSync(file, `${JSON.stringify({ date: new Date().toISOString(), machine, results }, null, 2)}\n`);
  console.log(`\n${machine}`);
  console.table(results);
}
