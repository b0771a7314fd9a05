/**
 * The credential against the standards' own files and other people's implementations: the JSON schema of Open Badges
 * 3.0, JSON-LD in safe mode with the official contexts, the ontology of the European Learning Model, eddsa-jcs-2022 and
 * Bitstring Status List of @digitalbazaar.
 */
import { existsSync, readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { Bitstring } from '@digitalbazaar/bitstring';
import { createVerifyCryptosuite } from '@digitalbazaar/eddsa-jcs-2022-cryptosuite';
import { describe, expect, it } from '@jest/globals';
import { Ajv2019 } from 'ajv/dist/2019.js';
import addFormats from 'ajv-formats';
import jsonld from 'jsonld';
import { fromMultibase } from '../encoding/base58.js';
import { toHex } from '../encoding/hex.js';
import { canonicalBytes } from '../encoding/jcs.js';
import { isJsonObject, type Json, type JsonObject } from '../encoding/json.js';
import { sha256 } from '../log/hash.js';
import { encodeStatusList, setStatusBit, STATUS_LIST_BYTES } from '../verification/status-list.js';
import { contextUrl, OB_CONTEXT, OWN_CONTEXT, VC_CONTEXT } from './context.js';
import { STATUS_LIST_ENTRIES } from './credential.events.js';
import {
  credentialSample,
  FULL_CONTENT,
  FULL_FACTS,
  MINIMAL_FACTS,
  SAMPLE_DID,
  SAMPLE_KID,
  signedSample,
} from './credential-samples.fixture.js';
import { statusListDocument } from './document.js';

const DATA = new URL('../../../shared/data/', import.meta.url);
const withData = existsSync(DATA) ? describe : describe.skip;
function data(path: string): string {
  return readFileSync(new URL(path, DATA), 'utf8');
}

const SAMPLES = [
  ['every data element', FULL_FACTS],
  ['the mandatory data elements alone', MINIMAL_FACTS],
] as const;

const PUBLIC_URL = FULL_FACTS.publicUrl;
const ELM = 'http://data.europa.eu/snb/model/elm/';

/** Contexts come from files, never from a network: any other address fails. */
async function documentLoader(url: string): Promise<{ contextUrl: null; documentUrl: string; document: unknown }> {
  const documents: Record<string, () => unknown> = {
    [VC_CONTEXT]: () => JSON.parse(data('ob3/credentials-v2.jsonld')),
    [OB_CONTEXT]: () => JSON.parse(data('ob3/ob-context-3.0.3.json')),
    [contextUrl(PUBLIC_URL)]: () => OWN_CONTEXT,
  };
  const document = documents[url]?.();
  if (document === undefined) throw new TypeError(`no such document here: ${url}`);
  return { contextUrl: null, documentUrl: url, document };
}
const SAFE = { safe: true, documentLoader };

async function statusList(indexes: readonly number[] = []): Promise<JsonObject> {
  const bits = new Uint8Array(STATUS_LIST_BYTES);
  for (const index of indexes) setStatusBit(bits, index, true);
  return signedSample(
    statusListDocument({
      id: FULL_FACTS.statusLists.revocation.list,
      publicUrl: PUBLIC_URL,
      issuer: FULL_FACTS.issuer,
      purpose: 'revocation',
      encodedList: await encodeStatusList(bits),
      validFrom: '2026-11-24T10:00:00.000Z',
    }),
  );
}

/** Every object of a document with its path, but those of `@context`. */
function objectsOf(value: Json, path = ''): [string, JsonObject][] {
  if (Array.isArray(value)) return (value as Json[]).flatMap((item, i) => objectsOf(item, `${path}/${i}`));
  if (!isJsonObject(value)) return [];
  const members = Object.entries(value).filter(([name]) => name !== '@context');
  return [[path, value], ...members.flatMap(([name, member]) => objectsOf(member!, `${path}/${name}`))];
}

/** A copy with one member more in the object at a path. */
function withMember(document: JsonObject, path: string, name: string): JsonObject {
  const copy = structuredClone(document);
  const found = objectsOf(copy).find(([at]) => at === path)![1];
  (found as Record<string, Json>)[name] = 'x';
  return copy;
}

/** Names of all terms of the own context, those of scoped contexts too. */
function termsOf(context: JsonObject): string[] {
  return Object.entries(context)
    .filter(([name]) => !name.startsWith('@'))
    .flatMap(([name, definition]) => {
      const scoped = isJsonObject(definition) ? definition['@context'] : undefined;
      const isVocabulary = isJsonObject(scoped) && scoped['@vocab'] !== undefined;
      return [name, ...(isJsonObject(scoped) && !isVocabulary ? termsOf(scoped) : [])];
    });
}

describe("the ledger's own context", () => {
  it('never changes: whoever has it cached reads our credentials as we do', () => {
    expect(toHex(sha256(canonicalBytes(OWN_CONTEXT)))).toBe(
      '5a17d5956badc27faa3988cfcaa195c8fc3368237916562d64ba0ca386ad0b80',
    );
  });

  it('has no term that no credential uses', async () => {
    const used = new Set(objectsOf(await credentialSample(FULL_FACTS)).flatMap(([, object]) => Object.keys(object)));
    expect(termsOf(OWN_CONTEXT['@context'] as JsonObject).filter((term) => !used.has(term))).toEqual([]);
  });
});

withData('a credential, by the official files (../shared/data)', () => {
  describe.each(SAMPLES)('with %s', (_, facts) => {
    it('is an AchievementCredential by the JSON schema of Open Badges 3.0, but for its second status entry', async () => {
      const ajv = new Ajv2019({ strict: false, allErrors: true });
      addFormats.default(ajv);
      const validate = ajv.compile(JSON.parse(data('ob3/ob_v3p0_achievementcredential_schema.json')));
      const credential = await credentialSample(facts);
      const [revocation, suspension] = credential['credentialStatus'] as JsonObject[];
      for (const credentialStatus of [revocation!, suspension!]) {
        validate({ ...credential, credentialStatus });
        expect(validate.errors).toBeNull();
      }
      // VCDM 2.0, section 4.10, has one or more; Open Badges 3.0 has none or one (1EdTech means to allow more in 3.1).
      expect(validate(credential)).toBe(false);
      expect(validate.errors!.map(({ instancePath, keyword }) => [instancePath, keyword])).toEqual([
        ['/credentialStatus', 'type'],
      ]);

      const single = { ...credential, credentialStatus: revocation! };
      expect(validate({ ...single, issuer: 7 })).toBe(false);
      const { achievement: _achievement, ...subject } = credential['credentialSubject'] as JsonObject;
      expect(validate({ ...single, credentialSubject: subject })).toBe(false);
    });

    it('is JSON-LD in safe mode: no term is dropped or redefined, no IRI is relative', async () => {
      const credential = await credentialSample(facts);
      const expanded = await jsonld.expand(credential, SAFE);
      expect(expanded).toHaveLength(1);
      const quads = await jsonld.canonize(credential, {
        ...SAFE,
        algorithm: 'RDFC-1.0',
        format: 'application/n-quads',
      });
      expect(quads).toContain(`<${ELM}learningOutcome>`);
    });

    it('comes back from its expanded form as it was', async () => {
      const credential = await credentialSample(facts);
      const expanded = await jsonld.expand(credential, SAFE);
      const compacted = await jsonld.compact(expanded, credential['@context'], SAFE);
      expect(singlesUnwrapped(compacted as JsonObject)).toEqual(singlesUnwrapped(credential));
    });

    it('fails in safe mode with an unknown term in any of its objects', async () => {
      const credential = await credentialSample(facts);
      for (const [path] of objectsOf(credential)) {
        // The members of a language map are languages, and JSON-LD lets any well-formed tag be one.
        if (/\/(title|summary|text|prerequisites|stackability|authorisations|factors|issuerRequirements)$/.test(path))
          continue;
        if (path.endsWith('/achievement/supervision')) continue;
        const altered = withMember(credential, path, 'unknownTerm');
        await expect(jsonld.expand(altered, SAFE).then(() => path)).rejects.toMatchObject({
          name: 'jsonld.ValidationError',
        });
      }
    });

    it('has an eddsa-jcs-2022 proof for the implementation of @digitalbazaar', async () => {
      expect(await verifiedElsewhere(await credentialSample(facts))).toBe(true);
      const credential = await credentialSample(facts);
      expect(await verifiedElsewhere({ ...credential, name: 'Other' })).toBe(false);
    });
  });

  it('uses only properties that the European Learning Model has', () => {
    const ontology = data('elm/ontology/ELM.ttl');
    const used = [...JSON.stringify(OWN_CONTEXT).matchAll(/"http:\/\/data\.europa\.eu\/snb\/model\/elm\/(\w+)"/g)];
    const names = used.map(([, name]) => name!);
    expect(names.length).toBeGreaterThan(6);
    for (const name of names) expect(ontology).toMatch(new RegExp(`^elm:${name}\\s+a rdf:Property`, 'm'));
  });

  it('uses only concepts that the European code lists have', () => {
    const lists = ['europass-modes', 'supervision-verification', 'eqf'].map((name) => data(`elm/vocab/${name}.json`));
    const concepts = [...JSON.stringify(OWN_CONTEXT).matchAll(/"(http:\/\/data\.europa\.eu\/snb\/(?!model)[^"]+)"/g)];
    expect(new Set(concepts.map(([, iri]) => iri)).size).toBe(10);
    for (const [, iri] of concepts) expect(lists.join('\n')).toContain(`"${iri}"`);
    expect(lists.join('\n')).toContain('"http://data.europa.eu/snb/eqf/4"');
  });

  it('is a status list in safe mode too', async () => {
    const expanded = await jsonld.expand(await statusList([5]), SAFE);
    expect(JSON.stringify(expanded)).toContain('https://www.w3.org/ns/credentials/status#encodedList');
  });
});

describe('a status list credential, by W3C Bitstring Status List 1.0', () => {
  it('has the types and members of section 2.2', async () => {
    const list = await statusList();
    expect(list).toMatchObject({
      type: ['VerifiableCredential', 'BitstringStatusListCredential'],
      issuer: SAMPLE_DID,
      credentialSubject: { type: 'BitstringStatusList', statusPurpose: 'revocation', ttl: 300_000 },
    });
    expect(Number.isInteger((list['credentialSubject'] as JsonObject)['ttl'])).toBe(true);
  });

  it('is what every entry of a credential points to, with the index as text, section 2.1', async () => {
    const entries = (await credentialSample(FULL_FACTS))['credentialStatus'] as JsonObject[];
    expect(entries.map(({ statusPurpose }) => statusPurpose)).toEqual(['revocation', 'suspension']);
    expect(entries.map(({ statusListIndex }) => statusListIndex)).toEqual(['0', '131071']);
    expect(entries[0]).toMatchObject({
      type: 'BitstringStatusListEntry',
      statusListCredential: (await statusList())['id'],
    });
  });

  it('S25: is multibase u of gzip of 131,072 bits, the first index left-most, for other implementations too', async () => {
    const set = [0, 1, 7, 8, 77, 65_536, 131_071];
    const { encodedList } = (await statusList(set))['credentialSubject'] as { encodedList: string };
    expect(encodedList).toMatch(/^u[A-Za-z0-9_-]+$/);

    const bytes = gunzipSync(Buffer.from(encodedList.slice(1), 'base64url'));
    expect(bytes.length * 8).toBe(STATUS_LIST_ENTRIES);
    expect([bytes[0], bytes[1], bytes.at(-1)]).toEqual([0b1100_0001, 0b1000_0000, 0b0000_0001]);

    const other = new Bitstring({ buffer: await Bitstring.decodeBits({ encoded: encodedList.slice(1) }) });
    expect(other.length).toBe(STATUS_LIST_ENTRIES);
    const found = Array.from({ length: STATUS_LIST_ENTRIES }, (_, index) => index).filter((index) => other.get(index));
    expect(found).toEqual(set);
  });
});

/** `achievement.` and `assessment.` are short for members of credentialSubject; `[]` means any item. */
function memberAt(document: JsonObject, path: string): Json | undefined {
  const full = path.replace(/^(achievement|assessment)\b/, 'credentialSubject.$1');
  let found: (Json | undefined)[] = [document];
  for (const step of full.split('.')) {
    found = found.flatMap((value) => {
      const member = isJsonObject(value) ? value[step.replace('[]', '')] : undefined;
      return step.endsWith('[]') ? member : [member];
    });
  }
  return found.find((value) => value !== undefined);
}

describe('docs/data-elements.md', () => {
  const page = readFileSync(new URL('../../docs/data-elements.md', import.meta.url), 'utf8');
  const named = [...page.matchAll(/`([^`\s]+)`/g)].map(([, text]) => text!).filter((text) => !text.includes('…'));

  it('names only members that a credential has', async () => {
    const credential = await credentialSample(FULL_FACTS);
    const paths = named.filter((text) =>
      /^(achievement|assessment|credentialSubject|issuer|credentialStatus)[.[]/.test(text),
    );
    expect(paths.length).toBeGreaterThan(50);
    for (const path of paths) expect([path, memberAt(credential, path) !== undefined]).toEqual([path, true]);
  });

  it('names only members that a version has, and all of them', () => {
    const paths = named.filter((text) => text.startsWith('content.')).map((text) => text.slice('content.'.length));
    const content = FULL_CONTENT as unknown as JsonObject;
    for (const path of paths) expect([path, memberAt(content, path) !== undefined]).toEqual([path, true]);
    const members = new Set(paths.map((path) => path.split('.')[0]));
    // Who owns the definition stands in it as `creator`.
    expect(Object.keys(FULL_CONTENT).filter((name) => !members.has(name))).toEqual(['creator']);
  });

  it('names every term of the own context', () => {
    const names = new Set(named.flatMap((text) => text.split(/[.[\]]+/)));
    expect(termsOf(OWN_CONTEXT['@context'] as JsonObject).filter((term) => !names.has(term))).toEqual([]);
  });
});

/** Whether another implementation of the cryptosuite takes the document's one proof. */
async function verifiedElsewhere(credential: JsonObject): Promise<boolean> {
  const { proof: proofs, ...document } = structuredClone(credential);
  const proof = (proofs as JsonObject[])[0]!;
  const cryptosuite = createVerifyCryptosuite();
  const verifyData = await cryptosuite.createVerifyData({ cryptosuite, document, proof });
  const verifier = await cryptosuite.createVerifier({
    verificationMethod: {
      '@context': 'https://w3id.org/security/multikey/v1',
      id: proof['verificationMethod'],
      type: 'Multikey',
      controller: SAMPLE_DID,
      publicKeyMultibase: SAMPLE_KID,
    },
  });
  return verifier.verify({ data: verifyData, signature: fromMultibase(proof['proofValue'] as string) });
}

/** A list of one member and the member itself mean the same in JSON-LD; sets have no order. */
function singlesUnwrapped(value: Json): Json {
  if (Array.isArray(value)) {
    const items = (value as Json[]).map(singlesUnwrapped);
    return items.length === 1 ? items[0]! : items.sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1));
  }
  if (!isJsonObject(value)) return value;
  return Object.fromEntries(
    Object.keys(value)
      .filter((name) => name !== '@context')
      .sort()
      .map((name) => [name, singlesUnwrapped(value[name]!)]),
  );
}
