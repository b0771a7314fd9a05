/**
 * S23 on the whole application: a person with unmistakable data is issued to, assessed, suspended and shown, then erased;
 * afterwards the whole data folder (database and journal, tables, tiles, chain, keys, the service's own log) and a backup
 * made after are searched for every mark of them, for every piece of their key, and for what was sealed under it and lay
 * in the vault. The same after kill -9 in the midst of erasing. What was public stays, and proofs kept by others hold.
 */
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import Database from 'better-sqlite3';
import { rootSecretOf } from '../src/archive/erasures.js';
import { readConfig } from '../src/config.js';
import { Secrets } from '../src/crypto/secrets.js';
import { openSqliteEventStore } from '../src/event-store/sqlite.js';
import { EVENT_TYPES } from '../src/event-types.js';
import { EpochKeys } from '../src/holders/epoch-keys.js';
import { holderVault, Vault } from '../src/holders/vault.js';
import { anchored, issuance, personalNumber, world, type World } from './samples.js';
import { cli, Service, type Parsed, type RequestOptions } from './service.js';

const WINDOW = 16;

/** One marked person each for what is tried: nobody's traces may hide behind another's. */
interface Marked {
  readonly person: Parsed;
  readonly number: string;
  readonly marks: readonly string[];
  credentials: string[];
  links: string[];
  holder: string;
  /** What may be found nowhere, by what it is. */
  needles: Map<string, readonly Buffer[]>;
}

function marked(n: number, given: string, family: string): Marked {
  const number = personalNumber(n);
  const written = [number, number.slice(2), dashed(number), dashed(number.slice(2)), dashed(number).replace('-', '+')];
  const email = `${given.toLowerCase()}.${n}@example.se`;
  const note = `grannen ${given} ringde om skarv ${n}77`;
  return {
    person: { givenName: given, familyName: family, personalNumber: dashed(number), email },
    number,
    marks: [given, family, ...written, email, note],
    credentials: [],
    links: [],
    holder: '',
    needles: new Map(),
  };
}
function dashed(digits: string): string {
  return `${digits.slice(0, -4)}-${digits.slice(-4)}`;
}

const NOTE_AT = -1;
const ASSESSOR = 'Xerxesina Granskarbacke';
const first = marked(611, 'Zebulonia', 'Qvistmärke-Ödén');
const second = marked(612, 'Yxaniel', 'Vrånglund');
const third = marked(613, 'Wolframina', 'Åskmoln');
const everybody = [first, second, third];

let service: Service;
let elsewhere: string;
let w: World;
let bundle: Parsed;
let sizes: { log: number; checkpoint: string; register: Parsed };

beforeAll(async () => {
  elsewhere = mkdtempSync(join(tmpdir(), 'meritkedja-erasure-'));
  service = await Service.start({ env: { LOG_LEVEL: 'trace' } });
  w = await world(service);
  for (const one of everybody) await issueTo(one);
  await anchored(service);
  bundle = await service.ok(`/api/v1/credentials/${first.credentials[0]}/proof`);
  await service.stop();
  for (const one of everybody) one.needles = await needlesOf(one);
  const tables = join(service.dataDir, 'read-models');
  markedBefore = databasesIn(tables).flatMap((path) => textsOf(path).filter((text) => hasMark(text)));
  await service.restart();
});
afterAll(async () => {
  await service.dispose();
  rmSync(elsewhere, { recursive: true, force: true });
});

let markedBefore: readonly string[];

async function issueTo(one: Marked): Promise<void> {
  const body = issuance(w.definitionId, w.issuer, one.person);
  body.assessment.assessor.name = ASSESSOR;
  body.assessment.outcomes[0].note = one.marks.at(NOTE_AT);
  for (let i = 0; i < 2; i += 1) {
    const { id, link } = await service.post('/api/v1/credentials', body);
    one.credentials.push(id as string);
    one.links.push(new URL(link as string).hash.slice(1));
  }
  await service.post('/api/v1/assessments', body);
  const [id] = one.credentials;
  await service.post(`/api/v1/credentials/${id}/suspend`, { reason: 'underReview', note: one.marks.at(NOTE_AT) });
  await service.post(`/api/v1/credentials/${id}/reinstate`, { reason: one.marks.at(NOTE_AT) });
  // What is refused, asked for and shown: the service's own log must not have it either.
  await service.request('/api/v1/credentials', { body: { ...body, route: 'x' } });
  await service.request(`/operator?q=${encodeURIComponent(one.person.familyName as string)}`);
  one.holder = (await service.ok(`/api/v1/credentials/${id}/holder`)).id as string;
  expect(await service.post('/api/v1/holders/find', { personalNumber: one.number })).toEqual({
    items: [{ id: one.holder }],
  });
}

/** With the data folder's own secrets, from a stopped service: the raw key, and the bytes of the vault streams. */
async function needlesOf({ holder, marks, links }: Marked): Promise<Map<string, readonly Buffer[]>> {
  const config = readConfig({ DATA_DIR: service.dataDir });
  const store = openSqliteEventStore(join(service.dataDir, 'events.db'), EVENT_TYPES);
  const secrets = new Secrets(await rootSecretOf(config));
  const vault = new Vault(store, secrets, EpochKeys.open(config.keysDir, secrets, false));
  const key = await vault.key(holderVault(holder));
  await store.close();
  if (key?.length !== 32) throw new Error('no key to look for');
  const needles = new Map<string, readonly Buffer[]>();
  for (const mark of marks) needles.set(mark, [...textForms(mark)]);
  for (const link of links) needles.set('link key', keyForms(Buffer.from(link, 'base64url')));
  needles.set('holder key', keyForms(Buffer.from(key)));
  needles.set('sealed in the vault', sealedIn(holder));
  return needles;
}

function* textForms(text: string): Iterable<Buffer> {
  for (const encoding of ['utf8', 'utf16le', 'latin1'] as const) yield Buffer.from(text, encoding);
  const bytes = Buffer.from(text);
  yield Buffer.from(bytes.toString('hex'));
  yield Buffer.from(bytes.toString('hex').toUpperCase());
  yield Buffer.from(encodeURIComponent(text));
  yield Buffer.from(JSON.stringify(text).slice(1, -1));
  yield* base64Forms(bytes);
}

/** Every window of 16 bytes, raw, in hex of both cases, and in base64 and base64url at each of the three alignments. */
function keyForms(key: Buffer): Buffer[] {
  return windowsOf(key).flatMap((window) => [
    window,
    Buffer.from(window.toString('hex')),
    Buffer.from(window.toString('hex').toUpperCase()),
    ...base64Forms(window),
  ]);
}

/** The characters of base64 that these bytes alone decide, wherever in a longer text they begin. */
function base64Forms(bytes: Buffer): Buffer[] {
  return [0, 1, 2].flatMap((shift) => {
    const padded = Buffer.concat([Buffer.alloc(shift), bytes]);
    const from = Math.ceil((shift * 8) / 6);
    const to = Math.floor((padded.length * 8) / 6);
    return (['base64', 'base64url'] as const).map((form) => Buffer.from(padded.toString(form).slice(from, to)));
  });
}

function windowsOf(bytes: Buffer): Buffer[] {
  return Array.from({ length: bytes.length - WINDOW + 1 }, (_, at) => bytes.subarray(at, at + WINDOW));
}

/** Ciphertexts and wrapped keys as they lie in the vault: base64url, of which no piece may be left. */
function sealedIn(holder: string): Buffer[] {
  const db = new Database(join(service.dataDir, 'events.db'), { readonly: true });
  const contents = db.prepare(
    'SELECT bytes, sealed FROM events JOIN contents USING (position) WHERE stream = ? ORDER BY position',
  );
  const rows = (stream: string): { bytes: Buffer; sealed: Buffer | null }[] =>
    contents.all(stream) as { bytes: Buffer; sealed: Buffer | null }[];
  const own = rows(holderVault(holder));
  const shares = own.flatMap(({ bytes }) => {
    const { type, data } = JSON.parse(bytes.toString());
    return type === 'CredentialHeld' ? rows(`vault-share-${data.share}`) : [];
  });
  db.close();
  expect(own.length).toBeGreaterThanOrEqual(4);
  expect(shares.length).toBe(2);
  const texts = [...own, ...shares].flatMap(({ bytes, sealed }) => [bytes.toString(), sealed?.toString() ?? '']);
  // Long runs of base64url are what was encrypted; pieces of 32 characters, one after the other.
  const runs = texts.flatMap((text) => text.match(/[\w-]{60,}/g) ?? []);
  expect(runs.length).toBeGreaterThanOrEqual(6);
  return runs.flatMap((run) => (run.match(/.{32}/gs) ?? []).map((piece) => Buffer.from(piece)));
}

function filesIn(folder: string): string[] {
  return readdirSync(folder).flatMap((name) => {
    const path = join(folder, name);
    return statSync(path).isDirectory() ? filesIn(path) : [path];
  });
}
function databasesIn(folder: string): string[] {
  return filesIn(folder).filter((path) => readFileSync(path).subarray(0, 15).toString() === 'SQLite format 3');
}

/** What there is of somebody in files and in what the service has said. */
function tracesOf({ needles }: Marked, paths: readonly string[]): string[] {
  const places: [string, Buffer][] = paths.map((path) => [path, contentOf(path)]);
  places.push(['what the service said', Buffer.from(service.output)]);
  return places.flatMap(([where, bytes]) =>
    [...needles].flatMap(([what, forms]) =>
      forms.some((form) => bytes.includes(form)) ? [`${what} in ${where}`] : [],
    ),
  );
}
/** A file's bytes; of an archive also what it holds, and the sealed parts that stand in it in base64 once more. */
function contentOf(path: string): Buffer {
  const bytes = readFileSync(path);
  if (bytes[0] !== 0x1f || bytes[1] !== 0x8b) return bytes;
  const plain = gunzipSync(bytes);
  const sealed = plain
    .toString()
    .split('\n')
    .map((line) => Buffer.from(line.split('\t')[1] ?? '', 'base64'));
  return Buffer.concat([bytes, plain, ...sealed]);
}

function hasMark(text: string): boolean {
  return everybody.some(({ marks }) => marks.some((mark) => text.includes(mark))) || text.includes(ASSESSOR);
}

/** Every value of every table, as text. */
function textsOf(path: string): string[] {
  const db = new Database(path, { readonly: true });
  const tables = db.prepare("SELECT name FROM sqlite_master WHERE type = 'table'").pluck().all() as string[];
  const texts = tables.flatMap((table) => {
    const rows = db.prepare(`SELECT * FROM "${table}"`).raw().all() as unknown[][];
    return rows.flat().map((value) => (Buffer.isBuffer(value) ? value.toString('latin1') : String(value)));
  });
  db.close();
  return texts;
}

async function erase({ holder }: Marked, options: RequestOptions = {}): Promise<Parsed> {
  return (await service.request(`/api/v1/holders/${holder}/erase`, { body: { confirm: holder }, ...options })).json;
}

describe('before anybody is erased', () => {
  it('S20: no table of the read models has anything of a person', () => {
    expect(databasesIn(join(service.dataDir, 'read-models')).length).toBeGreaterThan(0);
    expect(markedBefore).toEqual([]);
  });

  it('what is looked for is there to be found: ciphertext lies in the vault, and the search sees it', () => {
    const found = tracesOf(first, [join(service.dataDir, 'events.db')]);
    expect(found).toEqual([expect.stringMatching(/^sealed in the vault/)]);
  });

  it('an erasure must be confirmed, by the operator, for somebody that there is', async () => {
    const url = `/api/v1/holders/${first.holder}/erase`;
    expect((await service.request(url, { body: {} })).status).toBe(422);
    expect((await service.request(url, { body: { confirm: second.holder } })).json.type).toBe(
      'urn:meritkedja:problem:erasureNotConfirmed',
    );
    expect((await service.request(url, { body: { confirm: first.holder }, token: null })).status).toBe(401);
    const nobody = crypto.randomUUID();
    const unknown = await service.request(`/api/v1/holders/${nobody}/erase`, { body: { confirm: nobody } });
    expect(unknown.status).toBe(404);
    expect((await service.request(`/api/v1/credentials/${first.credentials[0]}`)).status).toBe(200);
  });
});

describe('an erased person', () => {
  beforeAll(async () => {
    sizes = {
      log: await service.logSize(),
      checkpoint: (await service.request('/log/checkpoint')).text,
      register: await service.ok('/api/v1/credentials'),
    };
    const token = join(service.dataDir, 'admin-token');
    const common = ['--url', service.url, '--token-file', token];
    // Nobody at a terminal: not without --yes.
    expect((await cli(elsewhere, 'erase', first.holder, ...common)).status).toBe(64);
    const [id] = first.credentials;
    const done = await cli(elsewhere, 'erase', '--credential', id!, '--yes', '--json', ...common);
    expect([done.status, done.stderr]).toEqual([0, '']);
    expect(done.json).toEqual({
      holder: first.holder,
      erasedAt: expect.any(String),
      credentials: 2,
      shares: 2,
      reservations: 1,
    });
  });

  it('S23: is nowhere in the data folder, at once', () => {
    expect(tracesOf(first, filesIn(service.dataDir))).toEqual([]);
  });

  it('S23: is on the list outside the store, by a random id', () => {
    const list = JSON.parse(readFileSync(join(service.dataDir, 'keys/erased.json'), 'utf8'));
    expect(list).toEqual({ erasures: [{ holder: first.holder, at: expect.any(String) }] });
  });

  it('S23: leaves log, heads and register as they were', async () => {
    expect(await service.logSize()).toBe(sizes.log);
    expect((await service.request('/log/checkpoint')).text).toBe(sizes.checkpoint);
    expect(await service.ok('/api/v1/credentials')).toEqual(sizes.register);
    const { items } = await service.ok(`/api/v1/credentials/${first.credentials[0]}/history`, { token: null });
    expect(items.map(({ type }: Parsed) => type)).toEqual([
      'CredentialIssued',
      'CredentialSuspended',
      'CredentialReinstated',
    ]);
  });

  it('is answered 410 wherever something of theirs is asked for, in both languages', async () => {
    for (const [language, words] of [
      ['sv', /raderad/],
      ['en', /erased/],
    ] as const) {
      for (const end of ['', '/proof', '/qr.svg', '/holder']) {
        const reply = await service.request(`/api/v1/credentials/${first.credentials[0]}${end}`, {
          headers: { 'accept-language': language },
        });
        expect([end, reply.status, reply.json.type]).toEqual([end, 410, 'urn:meritkedja:problem:holderErased']);
        expect(reply.json.title).toMatch(words);
      }
    }
    expect(await service.post('/api/v1/holders/find', { personalNumber: first.number })).toEqual({ items: [] });
  });

  it('S25: pages say so, in both languages, and still show the entry', async () => {
    for (const [language, words] of [
      ['sv', 'raderade hos den här tjänsten'],
      ['en', 'erased and cannot be brought back'],
    ] as const) {
      for (const page of [`/c/${first.credentials[0]}`, `/verify/${first.credentials[0]}`]) {
        const reply = await service.request(`${page}?lang=${language}`, {
          token: null,
          headers: { accept: 'text/html' },
        });
        expect([page, reply.status]).toEqual([page, 200]);
        expect(reply.text).toContain(words);
        const other = await service.request(
          `${page.replace(first.credentials[0]!, second.credentials[0]!)}?lang=${language}`,
          {
            token: null,
            headers: { accept: 'text/html' },
          },
        );
        expect(other.text).not.toContain(words);
      }
    }
    const operator = await service.request('/operator?lang=en', { headers: { accept: 'text/html' } });
    expect(operator.text).toContain('Erased holder');
    expect((await service.request(`/operator/credentials/${first.credentials[0]}/link`)).headers['location']).toBe(
      `/c/${first.credentials[0]}`,
    );
  });

  it('S23: a proof that somebody kept still holds', async () => {
    const report = await service.post('/api/v1/verify', bundle);
    expect([report.verdict, report.state]).toEqual(['valid', 'active']);
    const file = join(elsewhere, 'kept.json');
    writeFileSync(file, JSON.stringify(bundle));
    const { chains } = await service.ok('/.well-known/meritkedja.json');
    const trust = `${service.url}/.well-known/meritkedja.json`;
    const offline = await cli(
      elsewhere,
      'verify',
      file,
      '--trust',
      trust,
      '--rpc',
      String(chains[0].rpcUrls[0]),
      '--json',
    );
    expect([offline.status, offline.json?.verdict]).toEqual([0, 'valid']);
    rmSync(file);
  });

  it('can still have a credential of theirs revoked; the note is dropped, since nobody could open it', async () => {
    const [, id] = first.credentials;
    const note = first.marks.at(NOTE_AT);
    expect((await service.post(`/api/v1/credentials/${id}/revoke`, { reason: 'issuedInError', note })).state).toBe(
      'revoked',
    );
    expect(tracesOf(first, filesIn(service.dataDir))).toEqual([]);
  });

  it('S24: issued to again is another holder', async () => {
    const again = await service.post(
      '/api/v1/credentials',
      issuance(w.definitionId, w.issuer, { givenName: 'Ny', familyName: 'Person', personalNumber: first.number }),
    );
    const { id } = await service.ok(`/api/v1/credentials/${again.id}/holder`);
    expect(id).not.toBe(first.holder);
    await service.post(`/api/v1/holders/${id}/erase`, { confirm: id });
  });
});

describe('a kill -9 in the midst of erasing', () => {
  it('S23: right after the list was written: the next start erases', async () => {
    await service.kill9();
    const path = join(service.dataDir, 'keys/erased.json');
    const list = JSON.parse(readFileSync(path, 'utf8')) as { erasures: unknown[] };
    list.erasures.push({ holder: second.holder, at: new Date().toISOString() });
    writeFileSync(path, JSON.stringify(list));
    expect(tracesOf(second, filesIn(service.dataDir))).not.toEqual([]);
    await service.restart();
    expect(tracesOf(second, filesIn(service.dataDir))).toEqual([]);
    expect((await service.request(`/api/v1/credentials/${second.credentials[0]}`)).status).toBe(410);
  });

  it('S23: at any moment of it: erased after the next start, or not begun', async () => {
    const cut = erase(third).catch(() => undefined);
    const path = join(service.dataDir, 'keys/erased.json');
    while (!readFileSync(path, 'utf8').includes(third.holder)) await new Promise((resolve) => setImmediate(resolve));
    await service.kill9();
    await cut;
    await service.restart();
    expect(tracesOf(third, filesIn(service.dataDir))).toEqual([]);
    expect((await service.request(`/api/v1/credentials/${third.credentials[0]}`)).status).toBe(410);
    expect(await erase(third)).toMatchObject({ credentials: 0, shares: 0, reservations: 0 });
  });
});

describe('in the end', () => {
  it('S23: nobody erased is in the stopped folder, nor in a backup made after, nor in its uncompressed bytes', async () => {
    const running = join(elsewhere, 'running.backup');
    const token = join(service.dataDir, 'admin-token');
    const one = await cli(elsewhere, 'backup', running, '--url', service.url, '--token-file', token, '--json');
    expect([one.status, one.stderr]).toEqual([0, '']);
    expect(await service.stop()).toBe(0);
    const files = [...filesIn(service.dataDir), running];
    for (const person of everybody) expect(tracesOf(person, files)).toEqual([]);
    // The assessor is not the holder: that name is sealed under a key of its own, and in clear nowhere either.
    const assessor = [...textForms(ASSESSOR)];
    expect(files.filter((path) => assessor.some((form) => contentOf(path).includes(form)))).toEqual([]);
    expect(databasesIn(join(service.dataDir, 'read-models')).flatMap(textsOf).filter(hasMark)).toEqual([]);
  });
});
