/**
 * kill -9 in the midst of work: of the service, of its EVM node, of both. Whatever was answered with 2xx is there
 * afterwards as it was answered; what was not answered is sent again with its Idempotency-Key and happens once (S24);
 * the log never forks (S15); every batch reaches a final anchor.
 *
 * The points of the kills follow from a seed, which stands in the title. `CRASH_SEED=n CRASH_KILLS=n` repeat or prolong.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { fromBase64, toBase64 } from '../src/encoding/base64.js';
import { hashLeaf } from '../src/log/hash.js';
import { MerkleTree } from '../src/log/merkle-tree.js';
import { parseCheckpoint } from '../src/log/checkpoint.js';
import { verifyConsistency } from '../src/log/proof-check.js';
import { decodeEntryBundle, formatTilePath, tileWidth } from '../src/log/tiles.js';
import { anchored, definition, issuance, organisation, personalNumber } from './samples.js';
import { eventually, Service, type Parsed, type Reply } from './service.js';

const SEED = Number(process.env['CRASH_SEED'] ?? Date.now() % 1_000_000);
const KILLS = Number(process.env['CRASH_KILLS'] ?? 7);
const WORKERS = 6;

type Victim = 'service' | 'node' | 'both';
/** In turn, so that few kills already cover all. */
const VICTIMS: readonly Victim[] = ['service', 'both', 'service', 'node'];

/** Numbers from a seed (mulberry32), so that a failure can be repeated as far as the machine's own timing allows. */
function randomFrom(seed: number): (below: number) => number {
  let state = seed >>> 0;
  return (below) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t = (t + Math.imul(t ^ (t >>> 7), t | 61)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) % below;
  };
}

interface Wish {
  readonly url: string;
  readonly body: unknown;
  readonly key: string;
  /** What to remember once it is answered. */
  readonly answered: (json: Parsed) => void;
}

/** What the outside knows: every 2xx that it was given. */
class Outside {
  readonly organisations: string[] = [];
  readonly drafts: { id: string; owner: string }[] = [];
  readonly published: { id: string; owner: string }[] = [];
  readonly credentials = new Map<string, { state: string; digest: string }>();
  readonly checkpoints = new Map<number, string>();
  readonly unanswered: Wish[] = [];
  readonly unexpected: string[] = [];
  answers = 0;
  resent = 0;
  #number = 0;
  /** Credentials and drafts that somebody is changing: one at a time, so that it is known what to expect. */
  readonly #busy = new Set<string>();

  constructor(
    private readonly service: Service,
    private readonly random: (below: number) => number,
  ) {}

  /** One random request. @returns false once the service is gone */
  async work(): Promise<boolean> {
    const wish = this.#wish();
    if (wish === undefined) return this.#readCheckpoint();
    try {
      await this.fulfil(wish);
      return true;
    } catch {
      this.unanswered.push(wish);
      return false;
    }
  }

  /** @throws the socket's error where no answer came */
  async fulfil(wish: Wish): Promise<void> {
    const reply = await this.service.request(wish.url, {
      method: 'POST',
      body: wish.body,
      headers: { 'idempotency-key': wish.key },
    });
    this.answers += 1;
    if (reply.status >= 200 && reply.status < 300) wish.answered(reply.json);
    // Somebody else was first: to be sent again. Everything else is not to be.
    else if (reply.json?.type === 'urn:meritkedja:problem:staleRead') await this.fulfil(wish);
    else this.unexpected.push(`${wish.url}: ${reply.status} ${reply.text}`);
  }

  #wish(): Wish | undefined {
    const dice = this.random(20);
    if (dice < 2 || this.organisations.length === 0) return this.#register();
    if (dice < 4) return this.#define();
    if (dice < 6) return this.#publish();
    if (dice < 13) return this.#issue();
    if (dice < 17) return this.#changeStatus();
    if (dice < 18) return this.#seal();
    return undefined;
  }

  #key(): string {
    this.#number += 1;
    return `${SEED}-${this.#number}`;
  }

  #pick<T>(from: readonly T[]): T | undefined {
    return from[this.random(Math.max(from.length, 1))];
  }

  #register(): Wish {
    const key = this.#key();
    return {
      url: '/api/v1/organisations',
      body: organisation(this.#number),
      key,
      answered: ({ id, keys }) => {
        if (keys.length !== 1) this.unexpected.push(`organisation ${id} has ${keys.length} keys`);
        this.organisations.push(id);
      },
    };
  }

  #define(): Wish | undefined {
    const owner = this.#pick(this.organisations);
    if (owner === undefined) return undefined;
    const answered = ({ id }: Parsed): void => void this.drafts.push({ id, owner });
    return { url: '/api/v1/definitions', body: definition(owner), key: this.#key(), answered };
  }

  #publish(): Wish | undefined {
    const draft = this.drafts.find(({ id }) => !this.#busy.has(id));
    if (draft === undefined) return undefined;
    this.#busy.add(draft.id);
    return {
      url: `/api/v1/definitions/${draft.id}/publish`,
      body: {},
      key: this.#key(),
      answered: ({ versions }) => {
        if (versions.length !== 1) this.unexpected.push(`definition ${draft.id} has ${versions.length} versions`);
        this.published.push(draft);
      },
    };
  }

  #issue(): Wish | undefined {
    const one = this.#pick(this.published);
    if (one === undefined) return undefined;
    const key = this.#key();
    const holder = {
      givenName: 'Påhittad',
      familyName: `Nummer ${this.#number}`,
      // Few persons, so that the same one is issued to at the same time.
      ...(this.random(2) === 0 ? { personalNumber: personalNumber(1 + this.random(20)) } : {}),
    };
    return {
      url: '/api/v1/credentials',
      body: issuance(one.id, one.owner, holder),
      key,
      answered: ({ id, state, digest }) => void this.credentials.set(id, { state, digest }),
    };
  }

  #changeStatus(): Wish | undefined {
    const free = [...this.credentials].filter(([id, { state }]) => state !== 'revoked' && !this.#busy.has(id));
    const [id, known] = this.#pick(free) ?? [];
    if (id === undefined || known === undefined) return undefined;
    this.#busy.add(id);
    const action = known.state === 'suspended' ? 'reinstate' : this.random(2) === 0 ? 'suspend' : 'revoke';
    const body = { suspend: { reason: 'appeal' }, revoke: { reason: 'issuedInError' }, reinstate: {} }[action];
    const state = { suspend: 'suspended', revoke: 'revoked', reinstate: 'active' }[action];
    return {
      url: `/api/v1/credentials/${id}/${action}`,
      body,
      key: this.#key(),
      answered: (json) => {
        this.#busy.delete(id);
        if (json.state !== state) this.unexpected.push(`${action} of ${id} was answered with ${json.state}`);
        this.credentials.set(id, { ...known, state });
      },
    };
  }

  #seal(): Wish {
    return { url: '/api/v1/batches/seal', body: {}, key: this.#key(), answered: () => undefined };
  }

  async #readCheckpoint(): Promise<boolean> {
    try {
      await this.keepCheckpoint();
      return true;
    } catch {
      return false;
    }
  }

  /** Keeps the head that is served now, for ever. */
  async keepCheckpoint(): Promise<void> {
    const { status, text }: Reply = await this.service.request('/log/checkpoint', { token: null });
    this.answers += 1;
    if (status !== 200) return void this.unexpected.push(`/log/checkpoint: ${status} ${text}`);
    const { size, root } = parseCheckpoint(text.slice(0, text.indexOf('\n\n') + 1));
    const before = this.checkpoints.get(size);
    if (before !== undefined && before !== toBase64(root)) this.unexpected.push(`two roots at size ${size}`);
    this.checkpoints.set(size, toBase64(root));
  }
}

describe(`kill -9 in the midst of work (seed ${SEED})`, () => {
  let service: Service;
  let outside: Outside;
  const random = randomFrom(SEED);

  beforeAll(async () => {
    service = await Service.start({ env: { ANCHOR_INTERVAL: '1', LOG_LEVEL: 'warn' } });
    outside = new Outside(service, random);
  });
  afterAll(() => service.dispose());

  /** Many at work until some answers have come and somebody is killed. */
  async function workUntilKilled(victim: Victim): Promise<void> {
    const end = outside.answers + 10 + random(60);
    let killed: Promise<void> | undefined;
    let ended = false;
    const worker = async (): Promise<void> => {
      while (!ended && (await outside.work())) {
        if (outside.answers < end) continue;
        killed ??= kill(victim);
        // The node's death must be nothing to those at work.
        if (victim === 'node') ended = true;
      }
    };
    await Promise.all(Array.from({ length: WORKERS }, worker));
    await killed;
  }

  async function kill(victim: Victim): Promise<void> {
    // Not at the moment of an answer but anywhere within the next requests.
    await delay(random(25));
    if (victim !== 'service') service.killNode();
    if (victim !== 'node') await service.kill9();
  }

  async function resend(): Promise<void> {
    outside.resent += outside.unanswered.length;
    for (const wish of outside.unanswered.splice(0)) await outside.fulfil(wish);
  }

  /** A whole list, by id. */
  async function all(list: 'organisations' | 'definitions' | 'credentials'): Promise<Map<string, Parsed>> {
    const rows = new Map<string, Parsed>();
    const first = `/api/v1/${list}?limit=200`;
    let next: string | undefined = first;
    while (next !== undefined) {
      const page: Parsed = await service.ok(next);
      for (const row of page.items) rows.set(row.id, row);
      next = page.next === undefined ? undefined : `${first}&cursor=${page.next}`;
    }
    return rows;
  }

  /** What was answered before the kill, against what is there now, before anything is sent again. */
  async function expectEverythingThere(): Promise<void> {
    const rows = await all('credentials');
    const touched = new Set(outside.unanswered.map(({ url }) => url.split('/')[4]));
    for (const [id, { state, digest }] of outside.credentials) {
      const row = rows.get(id);
      expect([id, row?.digest]).toEqual([id, digest]);
      if (!touched.has(id)) expect([id, row?.state]).toEqual([id, state]);
    }
    for (const id of outside.organisations.slice(-5)) await service.ok(`/api/v1/organisations/${id}`);
    for (const { id } of outside.published.slice(-5)) await service.ok(`/api/v1/definitions/${id}/versions/1`);
    for (const id of [...outside.credentials.keys()].slice(-5)) await service.ok(`/api/v1/credentials/${id}`);
  }

  /** Every head that was ever served is an ancestor of the one that is served now. */
  async function expectOneHistory(): Promise<void> {
    const seen = [...outside.checkpoints];
    await outside.keepCheckpoint();
    for (const [size, root] of seen) {
      const proof = await service.ok(`/log/consistency?from=${size}`);
      expect([size, proof.fromRoot]).toEqual([size, root]);
      const [from, to] = [fromBase64(root), fromBase64(proof.toRoot)];
      expect(verifyConsistency(size, proof.to, from, to, proof.path.map(fromBase64))).toBe(true);
    }
  }

  it.each(Array.from({ length: KILLS }, (_, i) => [i + 1, VICTIMS[i % VICTIMS.length] ?? 'service'] as const))(
    'kill %i, of the %s: what was answered is there, what was not happens once',
    async (_n, victim) => {
      await workUntilKilled(victim);
      if (victim !== 'node') await service.restart();
      await expectEverythingThere();
      await resend();
      await expectOneHistory();
      expect(outside.unexpected).toEqual([]);
    },
  );

  it('S24: nothing is there twice, and nothing that nobody asked for', async () => {
    const credentials = await all('credentials');
    expect([...credentials.keys()].sort()).toEqual([...outside.credentials.keys()].sort());
    for (const [id, { state }] of credentials) expect([id, outside.credentials.get(id)?.state]).toEqual([id, state]);
    expect([...(await all('organisations')).keys()].sort()).toEqual([...outside.organisations].sort());
    const published = outside.published.map(({ id }) => id);
    expect([...(await all('definitions')).keys()].sort()).toEqual(published.sort());
    // Else the kills have hit nothing.
    expect(outside.credentials.size).toBeGreaterThan(KILLS);
    expect(outside.resent).toBeGreaterThan(0);
  });

  it('S14, S15: the log is whole: no gap, no entry changed, the root is that of its entries', async () => {
    await outside.keepCheckpoint();
    const size = Math.max(...outside.checkpoints.keys());
    const tree = new MerkleTree();
    const revisions = new Map<string, number>();
    const gaps: string[] = [];
    for (let index = 0; index * 256 < size; index += 1) {
      const width = tileWidth('entries', index, size);
      const { bytes } = await service.request(`/log/${formatTilePath({ level: 'entries', index, width })}`);
      for (const entry of decodeEntryBundle(bytes, width)) {
        tree.append(hashLeaf(entry));
        const { stream, revision } = JSON.parse(new TextDecoder().decode(entry));
        // Drafts and other private revisions are in the log too, by their hash: no revision is missing.
        if (revision !== (revisions.get(stream) ?? -1) + 1) gaps.push(`${stream}: ${revision}`);
        revisions.set(stream, revision);
      }
    }
    expect(gaps).toEqual([]);
    expect([tree.size, toBase64(tree.root())]).toEqual([size, outside.checkpoints.get(size)]);
  });

  it('every batch is under a final anchor, and the proofs are valid', async () => {
    await anchored(service);
    const { items } = await service.ok('/api/v1/batches?limit=200');
    const newestFinal = items.findIndex(({ anchors }: Parsed) => anchors.some((a: Parsed) => a.state === 'finalised'));
    expect(newestFinal).toBeLessThanOrEqual(1);
    expect(items.map(({ number }: Parsed) => number)).toEqual(items.map((_: Parsed, i: number) => items.length - i));
    const lost = items.filter(
      ({ anchors }: Parsed) => !anchors.some(({ state }: Parsed) => state === 'finalised' || state === 'reorganised'),
    );
    expect(lost.slice(1)).toEqual([]);
    for (const [id, { state }] of [...outside.credentials].slice(-10)) {
      const report = await service.post('/api/v1/verify', await service.ok(`/api/v1/credentials/${id}/proof`));
      expect([id, report.verdict]).toEqual([id, state === 'active' ? 'valid' : 'notInForce']);
    }
  });

  it('with the node killed while a batch is on its way, the batch arrives all the same', async () => {
    await service.post('/api/v1/organisations', organisation(900));
    const { number } = await service.post('/api/v1/batches/seal');
    service.killNode();
    await eventually(async () => {
      const { anchors } = await service.ok(`/api/v1/batches/${number}`);
      return anchors.some(({ state }: Parsed) => state === 'finalised');
    }, `batch ${number} to be final`);
  });

  it('stops cleanly in the end, and starts again on what it left', async () => {
    expect(await service.stop()).toBe(0);
    await service.restart();
    await expectOneHistory();
    expect(await service.stop()).toBe(0);
  });
});
