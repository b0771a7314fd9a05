/** What every page knows besides its own data: language, session, where the assets are. */
import { readFileSync } from 'node:fs';
import type { FastifyRequest } from 'fastify';
import { z } from 'zod';
import { InvariantError } from '../errors.js';
import { languageOf, type Language } from './language.js';
import type { PageContext } from './pages/view-models.js';

/** Built by `scripts/build-web.mjs`: from an asset's name to its file with a hash of its content. */
const MANIFEST = new URL('./assets/manifest.json', import.meta.url);

/** The self-contained copy of `/verify` and the facts about it, built by `scripts/verify-file.mjs`. */
const VERIFY_FILE = new URL('./verify-file.json', import.meta.url);

const verifyFileSchema = z.object({
  name: z.string(),
  bytes: z.number(),
  sha256: z.string(),
  /** Content Security Policy, by the hashes of its script and style. */
  policy: z.string(),
});

let manifest: ReadonlyMap<string, string> | undefined;
let verifyFileFacts: z.output<typeof verifyFileSchema> | undefined;

/** Name, size, SHA-256 and policy of the self-contained copy of `/verify`. */
export function verifyFile(): z.output<typeof verifyFileSchema> {
  return (verifyFileFacts ??= verifyFileSchema.parse(JSON.parse(readFileSync(VERIFY_FILE, 'utf8'))));
}

/** URL of an asset by its plain name. @throws InvariantError when the pages' assets were not built */
export function assetUrl(name: string): string {
  manifest ??= readManifest();
  const file = manifest.get(name);
  if (file === undefined) throw new InvariantError(`asset ${name} was not built`);
  return `/assets/${file}`;
}

function readManifest(): ReadonlyMap<string, string> {
  const parsed = z.record(z.string(), z.string()).parse(JSON.parse(readFileSync(MANIFEST, 'utf8')));
  return new Map(Object.entries(parsed));
}

/** @param ledger tells whether it holds demonstration data, and which losses are to be decided on */
export function pageContext(
  request: FastifyRequest,
  ledger: { readonly demo: boolean; readonly losses?: readonly unknown[] | undefined },
  language?: Language,
): PageContext {
  const [path = '/', query = ''] = request.url.split('?');
  const asked = new URLSearchParams(query).get('lang') ?? undefined;
  const session = request.caller?.session;
  return {
    lang: language ?? languageOf(request.headers['accept-language'], asked),
    path,
    langInUrl: asked === 'sv' || asked === 'en',
    signedIn: session !== undefined,
    ...(session ? { csrf: session.csrf } : {}),
    demo: ledger.demo,
    readOnly: ledger.losses !== undefined,
    assets: assetUrl,
  };
}
