import { beforeAll, describe, expect, it } from '@jest/globals';
import { Ajv2020 } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import { isJsonObject, type Json, type JsonObject } from '../encoding/json.js';
import { InputError } from '../errors.js';
import { parseBlockHashList } from './block-hash-list.js';
import { BLOCK_HASHES_SCHEMA, BUNDLE_SCHEMA, TRUST_SCHEMA } from './bundle-schema.js';
import { Undecided } from './outcome.js';
import { parseInput } from './parse-bundle.js';
import { syntheticLedger, trustFile, type Plan } from './synthetic-ledger.fixture.js';
import { parseTrust } from './trust.js';
import { VerificationError } from './verification-error.js';

const ajv = new Ajv2020({
  strict: true,
  strictRequired: false,
  strictTypes: false,
  strictTuples: false,
  allErrors: true,
});
addFormats.default(ajv);
const isBundle = ajv.compile(BUNDLE_SCHEMA);
const isTrust = ajv.compile(TRUST_SCHEMA);
const isList = ajv.compile(BLOCK_HASHES_SCHEMA);

type Path = readonly (string | number)[];

/** Paths of all members and list items, but those within the ones named. */
function pathsOf(value: Json, but: readonly string[], path: Path = []): Path[] {
  if (!isJsonObject(value) && !Array.isArray(value)) return [];
  return Object.entries(value as JsonObject).flatMap(([name, member]) => {
    const at = [...path, Array.isArray(value) ? Number(name) : name];
    return [at, ...(but.includes(name) ? [] : pathsOf(member!, but, at))];
  });
}

/** A copy with what is at the path replaced; undefined takes it away. */
function changed<T>(document: T, path: Path, value: Json | undefined): T {
  const copy = structuredClone(document);
  let parent = copy as Record<string | number, unknown>;
  for (const step of path.slice(0, -1)) parent = parent[step] as Record<string | number, unknown>;
  const last = path.at(-1)!;
  if (value !== undefined) parent[last] = value;
  else if (Array.isArray(parent)) parent.splice(last as number, 1);
  else delete parent[last];
  return copy;
}

const WRONG: readonly (Json | undefined)[] = [undefined, null, 7, -1, 1.5, 'x', '', 'AA=', true, [], {}, [null], '0x0'];

function reads(document: unknown): boolean {
  try {
    parseInput(document);
    return true;
  } catch (error) {
    if (error instanceof VerificationError || error instanceof Undecided) return false;
    throw error;
  }
}

function pins(document: unknown): boolean {
  return takes(() => parseTrust(document));
}

function takes(parse: () => unknown): boolean {
  try {
    parse();
    return true;
  } catch (error) {
    if (error instanceof InputError) return false;
    throw error;
  }
}

describe('the schema of the proof bundle', () => {
  const stages: NonNullable<Plan['stage']>[] = ['anchored', 'once', 'pending', 'late', 'bare'];
  it.each(stages)('takes a bundle, %s', async (stage) => {
    const { bundle } = await syntheticLedger({ stage });
    isBundle(bundle);
    expect(isBundle.errors).toBeNull();
  });

  describe('with one member changed', () => {
    let bundle: JsonObject;
    beforeAll(async () => {
      bundle = (await syntheticLedger()).bundle as unknown as JsonObject;
    });

    it('refuses nothing that the verifier can read', () => {
      for (const path of pathsOf(bundle, ['credential', 'statusLists'])) {
        for (const value of WRONG) {
          const document = changed(bundle, path, value);
          if (!isBundle(document)) expect([path, value, reads(document)]).toEqual([path, value, false]);
        }
      }
    });

    it('refuses whatever in form or size the verifier does', () => {
      for (const path of pathsOf(bundle, ['credential', 'statusLists'])) {
        // What an entry's or a leaf's bytes say is not the schema's business.
        if (path.at(-1) === 'entry' || path.at(-1) === 'leaf') continue;
        for (const value of WRONG) {
          const document = changed(bundle, path, value);
          if (!reads(document)) expect([path, value, isBundle(document)]).toEqual([path, value, false]);
        }
      }
    });
  });

  it('refuses a first anchor without an anchor', async () => {
    const { bundle } = await syntheticLedger();
    const { anchor: _anchor, ...without } = bundle;
    expect(isBundle(without)).toBe(false);
  });
});

describe('the schema of the trust file', () => {
  const trust = {
    ...trustFile(),
    chains: trustFile().chains.map((chain) => ({ ...chain, rpcUrls: ['http://127.0.0.1:8545'], embedded: true })),
  };

  it('takes what a ledger serves', () => {
    isTrust(trust);
    expect(isTrust.errors).toBeNull();
    expect(pins(trust)).toBe(true);
  });

  it('refuses in each member what the verifier does not pin', () => {
    for (const path of pathsOf(trust, [])) {
      for (const value of WRONG) {
        const document = changed(trust, path, value);
        // That the key's name is the origin, and its id the key's, no schema can say.
        if (path[0] === 'origin' && typeof value === 'string' && value !== '') continue;
        expect([path, value, isTrust(document)]).toEqual([path, value, pins(document)]);
      }
    }
  });
});

describe('the schema of the list of block hashes', () => {
  const hash = `0x${'ab'.repeat(32)}`;
  const list = {
    type: 'MeritkedjaBlockHashes',
    version: 1,
    origin: 'ledger.example/log',
    name: 'sepolia',
    chainId: 11_155_111,
    anchors: [
      { blockNumber: 7, blockHash: hash },
      { blockNumber: 8, blockHash: hash },
    ],
  };

  it('takes what a ledger publishes', () => {
    const anchor = { batch: 1, size: 3, root: `${'A'.repeat(43)}=`, txHash: hash, blockTime: 1, entry: 4 };
    const anchors = list.anchors.map((block) => ({ ...block, ...anchor }));
    const address = `0x${'Cd'.repeat(20)}`;
    const terms = [
      { address, from: 0, to: 9 },
      { address, from: 9 },
    ];
    isList({ ...list, anchors, contract: address, anchorers: terms, closed: '2026-11-01T00:00:00.000Z' });
    expect(isList.errors).toBeNull();
  });

  it('refuses in each member what the verifier does not read', () => {
    for (const path of pathsOf(list, [])) {
      for (const value of WRONG) {
        const document = changed(list, path, value);
        expect([path, value, isList(document)]).toEqual([path, value, takes(() => parseBlockHashList(document))]);
      }
    }
  });
});
