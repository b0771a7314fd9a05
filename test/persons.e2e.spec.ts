/**
 * S20, S21, S25: a person with unmistakable data goes through the whole ledger, and everything that can be read without
 * the operator's token is searched for them; so is what the service writes to its log and to its folder.
 */
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import Database from 'better-sqlite3';
import { openNote } from '../src/log/note.js';
import { verifyEd25519 } from '../src/log/ed25519.js';
import { parseCheckpoint } from '../src/log/checkpoint.js';
import { decodeEntryBundle, formatTilePath, tileWidth } from '../src/log/tiles.js';
import { anchored, issuance, personalNumber, world, type World } from './samples.js';
import { Service, type Parsed } from './service.js';

const NUMBER = personalNumber(417);
/** Everything about the person, the assessor and the assessment that must stay private. */
const SECRETS: Readonly<Record<string, string>> = {
  'given name': 'Zebulonia',
  'family name': 'Qvistmärke-Ödén',
  email: 'zebulonia.qvistmarke@example.se',
  'personal number': NUMBER,
  'personal number of ten digits': NUMBER.slice(2),
  'personal number as written': `${NUMBER.slice(0, 8)}-${NUMBER.slice(8)}`,
  assessor: 'Xerxesina Granskarbacke',
  'note on an outcome': 'darrade på handen vid skarv 7731',
  grade: 'Utomordentlig-4471',
  'note on a suspension': 'grannen ringde om skarv 9917',
  'note on a revocation': 'fel person stod vid svetsen 5512',
  'reason of a reinstatement': 'grannen hade fel om skarv 2283',
};
const ASSESSED_ON = '2025-03-17';

let service: Service;
let w: World;
let ids: { first: string; second: string; other: string; assessment: string };
let linkKeys: readonly string[];
/** Everything public, by where it was read. */
let publicTexts: ReadonlyMap<string, string>;

beforeAll(async () => {
  service = await Service.start({ env: { LOG_LEVEL: 'trace' } });
  w = await world(service);
  const body = marked();
  const first = await service.post('/api/v1/credentials', body);
  const second = await service.post('/api/v1/credentials', {
    ...body,
    holder: { ...body.holder, email: 'z.ny@example.se' },
  });
  const other = await service.post('/api/v1/credentials', {
    ...body,
    holder: { givenName: 'Annan', familyName: 'Person', personalNumber: personalNumber(418) },
  });
  const partial = structuredClone(body);
  partial.assessment.outcomes[1].met = false;
  const assessment = await service.post('/api/v1/assessments', partial);
  ids = { first: first.id, second: second.id, other: other.id, assessment: assessment.id };
  linkKeys = [first, second].map(({ link }: Parsed) => new URL(link as string).hash.slice(1));
  await service.post(`/api/v1/credentials/${ids.first}/suspend`, {
    reason: 'underReview',
    note: SECRETS['note on a suspension'],
  });
  await service.post(`/api/v1/credentials/${ids.first}/reinstate`, { reason: SECRETS['reason of a reinstatement'] });
  await service.post(`/api/v1/credentials/${ids.second}/revoke`, {
    reason: 'issuedInError',
    note: SECRETS['note on a revocation'],
  });
  await anchored(service);
  // Requests that are refused must not tell either, neither their sender's neighbours nor the service's log.
  await service.request('/api/v1/credentials', { body: { ...body, route: 'x' } });
  await service.request('/api/v1/credentials', { body: JSON.stringify(body).slice(0, -5) });
  await service.request(`/api/v1/credentials?q=${NUMBER}`);
  publicTexts = await everythingPublic();
});
afterAll(() => service.dispose());

function marked(): Parsed {
  const body = issuance(w.definitionId, w.issuer, {
    givenName: SECRETS['given name'],
    familyName: SECRETS['family name'],
    personalNumber: SECRETS['personal number as written'],
    email: SECRETS['email'],
  });
  body.assessment.assessor.name = SECRETS['assessor'];
  body.assessment.assessedOn = ASSESSED_ON;
  body.assessment.grade = SECRETS['grade'];
  body.assessment.outcomes[0].note = SECRETS['note on an outcome'];
  return body;
}

/** Reads all that answers without a token: every open GET of the API with all known ids, the pages, the whole log. */
async function everythingPublic(): Promise<Map<string, string>> {
  const found = new Map<string, string>();
  const read = async (path: string): Promise<void> => {
    const reply = await service.request(path, { token: null });
    found.set(path, `${JSON.stringify(reply.headers)}\n${reply.text}`);
  };
  const credentials = [ids.first, ids.second, ids.other];
  const { entry } = await service.ok(
    `/log/entries/${(await service.ok(`/api/v1/credentials?limit=200`)).items[0].index}`,
  );
  const lists = Object.values(entry.data.statusLists as Record<string, { list: string }>).map(({ list }) => list);
  const values: Readonly<Record<string, readonly string[]>> = {
    id: [...credentials, ids.assessment, w.owner, w.issuer, w.definitionId, ...lists],
    listId: lists,
    organisationId: [w.issuer],
    version: ['1'],
    number: ['1', '2'],
    chainId: ['31337'],
    index: [],
    path: [],
  };
  const { paths } = await service.ok('/openapi.json', { token: null });
  for (const [template, operations] of Object.entries<Parsed>(paths)) {
    if (operations.get?.security?.length === 0) for (const path of filled(template, values)) await read(path);
  }
  for (const path of ['/', '/catalogue', '/verify', '/batches', '/docs', '/sign-in', '/operator', '/log/checkpoint']) {
    await read(path);
  }
  for (const id of credentials) for (const path of [`/c/${id}`, `/verify/${id}`]) await read(path);
  await read(`/catalogue/${w.definitionId}`);
  for (const q of [NUMBER, SECRETS['family name'] ?? '']) await read(`/api/v1/definitions?q=${encodeURIComponent(q)}`);
  // What asked for that itself is no leak.
  for (const [path, text] of found) if (path.includes('?q=')) found.set(path, text.replaceAll(path, ''));
  for (const id of credentials) {
    // A forbidden read and a forbidden change: the refusal says nothing of what it refused.
    for (const end of ['', '/proof', '/qr.svg']) await read(`/api/v1/credentials/${id}${end}`);
  }
  await readLog(found);
  return found;
}

function filled(template: string, values: Readonly<Record<string, readonly string[]>>): string[] {
  const name = /\{(\w+)\}/.exec(template)?.[1];
  if (name === undefined) return [template];
  return (values[name] ?? []).flatMap((value) => filled(template.replace(`{${name}}`, value), values));
}

/** The whole log, as tiles of entries and one by one. */
async function readLog(found: Map<string, string>): Promise<void> {
  const { vkey } = await service.ok('/.well-known/meritkedja.json', { token: null });
  const note = (await service.request('/log/checkpoint', { token: null })).text;
  const { size } = parseCheckpoint(openNote(note, vkey, verifyEd25519));
  for (let index = 0; index * 256 < size; index += 1) {
    const width = tileWidth('entries', index, size);
    const reply = await service.request(`/log/${formatTilePath({ level: 'entries', index, width })}`, { token: null });
    const entries = decodeEntryBundle(reply.bytes, width);
    expect(entries).toHaveLength(width);
    found.set(`tile of entries ${index}`, entries.map((entry) => new TextDecoder().decode(entry)).join('\n'));
  }
  for (let index = 0; index < size; index += 1) {
    const reply = await service.request(`/log/entries/${index}`, { token: null });
    found.set(`/log/entries/${index}`, reply.text);
  }
}

/** A text, and all that is in base64 in it. */
function readable(text: string): string {
  const decoded = [...text.matchAll(/[A-Za-z0-9+/_-]{16,}={0,2}/g)].map(([token]) =>
    Buffer.from(token.replaceAll('-', '+').replaceAll('_', '/'), 'base64').toString('utf8'),
  );
  return [text, ...decoded].join('\n');
}

/** The ways in which a secret could stand in a text: as it is, escaped, encoded, or under a hash without salt. */
function formsOf(secret: string): string[] {
  const digest = createHash('sha256').update(secret, 'utf8').digest();
  const ascii = [...secret]
    .map((c) => (c > '~' ? `\\u${c.codePointAt(0)!.toString(16).padStart(4, '0')}` : c))
    .join('');
  const html = [...secret].map((c) => (c > '~' ? `&#${c.codePointAt(0)};` : c)).join('');
  return [
    ...new Set([
      secret,
      ascii,
      html,
      encodeURIComponent(secret),
      Buffer.from(secret, 'utf8').toString('hex'),
      digest.toString('hex'),
      digest.toString('base64'),
      digest.toString('base64url'),
    ]),
  ];
}

function leaksIn(where: string, text: string): string[] {
  return Object.entries(SECRETS).flatMap(([what, secret]) =>
    formsOf(secret).some((form) => text.includes(form)) ? [`${what} in ${where}`] : [],
  );
}

describe('what can be read without a token', () => {
  it('is a great deal', () => {
    expect(publicTexts.size).toBeGreaterThan(60);
    const all = [...publicTexts.values()].join('\n');
    for (const shown of [ids.first, 'CredentialIssued', 'CredentialRevoked', 'BatchSealed', 'optofiber']) {
      expect(all).toContain(shown);
    }
  });

  it('S20, S25: holds no name, number, address, assessor, note or grade', () => {
    expect([...publicTexts].flatMap(([where, text]) => leaksIn(where, readable(text)))).toEqual([]);
  });

  it('S20: holds nothing of the assessment', () => {
    const places = [...publicTexts].filter(([, text]) => {
      const all = readable(text);
      return all.includes(ASSESSED_ON) || /"met"\s*:\s*(true|false)/.test(all) || all.includes('supervisedWithIdCheck');
    });
    // Two descriptions name the codes that there are, of nobody.
    expect(
      places
        .map(([where]) => where)
        .filter((where) => !['/openapi.json', '/docs', '/contexts/meritkedja-v1.json'].includes(where)),
    ).toEqual([]);
  });

  it('holds no link key', () => {
    for (const key of linkKeys) {
      expect(key).toMatch(/^[\w-]{43}$/);
      expect([...publicTexts].filter(([, text]) => text.includes(key))).toEqual([]);
    }
  });

  it('S25: the public pages of a credential are those of its entries', async () => {
    const { items } = await service.ok(`/api/v1/credentials/${ids.first}/history`, { token: null });
    for (const { index, type, data } of items) {
      const { entry } = await service.ok(`/log/entries/${index}`, { token: null });
      expect({ type, data }).toEqual({ type: entry.type, data: entry.data });
    }
    expect(items.map(({ type }: Parsed) => type)).toEqual([
      'CredentialIssued',
      'CredentialSuspended',
      'CredentialReinstated',
    ]);
  });
});

describe('two credentials of one person', () => {
  /** Paths and values that two issuances have in common. */
  async function inCommon(a: string, b: string): Promise<string[]> {
    const [left, right] = await Promise.all(
      [a, b].map(async (id) => {
        const { items } = await service.ok(`/api/v1/credentials/${id}/history`, { token: null });
        const { entry } = await service.ok(`/log/entries/${items[0].index}`, { token: null });
        return leaves(entry);
      }),
    );
    return left!.filter((leaf) => right!.includes(leaf)).sort();
  }

  function leaves(value: Parsed, path = ''): string[] {
    if (typeof value !== 'object' || value === null) return [`${path}=${JSON.stringify(value)}`];
    return Object.entries<Parsed>(value).flatMap(([name, member]) => leaves(member, `${path}/${name}`));
  }

  it('S20: have nothing in common that two persons’ have not', async () => {
    const [one, two] = [await inCommon(ids.first, ids.second), await inCommon(ids.first, ids.other)];
    expect(one).toEqual(two);
    expect(one).toContain(`/data/organisation=${JSON.stringify(w.issuer)}`);
    const names = one.map((leaf) => leaf.slice(0, leaf.indexOf('=')));
    for (const own of ['/stream', '/id', '/data/digest', '/sealed']) expect(names).not.toContain(own);
  });
});

describe('what the service writes', () => {
  it('S20: its log holds nothing of them, at the most talkative level', () => {
    expect(service.output).toContain('Meritkedja ready');
    expect(leaksIn('the log', service.output)).toEqual([]);
    for (const secret of [service.token, ...linkKeys]) expect(service.output).not.toContain(secret);
  });

  it('S22: its folder holds nothing of them in clear, running or stopped', async () => {
    expect(inFolder().some(([name]) => name.endsWith('events.db-wal'))).toBe(true);
    expect(inFolder().flatMap(([name, text]) => leaksInBytes(name, text))).toEqual([]);
    await service.stop();
    expect(inFolder().flatMap(([name, text]) => leaksInBytes(name, text))).toEqual([]);
  });

  it('S20, S21: ids of holders, assessors and number reservations are nowhere public', () => {
    const db = new Database(join(service.dataDir, 'events.db'), { readonly: true });
    const streams = db
      .prepare("SELECT DISTINCT stream FROM events WHERE stream GLOB 'vault-*'")
      .pluck()
      .all() as string[];
    db.close();
    const vaultIds = streams
      .filter((stream) => /^vault-(holder|member|pnr|request)-/.test(stream))
      .map((stream) => stream.slice(-36));
    expect(vaultIds.length).toBeGreaterThanOrEqual(5);
    const all = [...publicTexts.values()].map(readable).join('\n');
    expect(vaultIds.filter((id) => all.includes(id))).toEqual([]);
  });

  function inFolder(folder = service.dataDir): [string, Buffer][] {
    return readdirSync(folder).flatMap((name): [string, Buffer][] => {
      const path = join(folder, name);
      return statSync(path).isDirectory() ? inFolder(path) : [[path, readFileSync(path)]];
    });
  }

  function leaksInBytes(where: string, bytes: Buffer): string[] {
    const secrets = [...Object.entries(SECRETS), ...linkKeys.map((key) => ['link key', key] as const)];
    return secrets.flatMap(([what, secret]) =>
      [
        Buffer.from(secret, 'utf8'),
        Buffer.from(secret, 'utf16le'),
        ...formsOf(secret).map((form) => Buffer.from(form)),
      ].some((form) => bytes.includes(form))
        ? [`${what} in ${where}`]
        : [],
    );
  }
});
