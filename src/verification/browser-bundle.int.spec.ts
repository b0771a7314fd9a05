/** The verifier is one file for a browser: no Node built-in, nothing of Nest, and it verifies there as here. */
import { fileURLToPath } from 'node:url';
import { runInNewContext } from 'node:vm';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { build } from 'esbuild';
import { NOW, syntheticLedger } from './synthetic-ledger.fixture.js';

let script: string;
let inputs: string[];

beforeAll(async () => {
  const result = await build({
    entryPoints: [fileURLToPath(new URL('./index.ts', import.meta.url))],
    bundle: true,
    platform: 'browser',
    format: 'iife',
    globalName: 'verifier',
    target: 'es2022',
    write: false,
    metafile: true,
    logLevel: 'silent',
  });
  script = result.outputFiles[0]!.text;
  inputs = Object.keys(result.metafile.inputs);
});

describe('the verifier in a browser', () => {
  it('is made of its own files and of noble alone', () => {
    const packages = new Set(inputs.map((path) => /node_modules\/((@[^/]+\/)?[^/]+)/.exec(path)?.[1]));
    packages.delete(undefined);
    expect([...packages].sort()).toEqual(['@noble/ed25519', '@noble/hashes']);
  });

  it('verifies with the globals of a browser only', async () => {
    const { bundle, trust, blockHashes } = await syntheticLedger();
    const report = await (runInNewContext(
      `${script}; verifier.verify(JSON.parse(bundle), {
        trust: [verifier.parseTrust(JSON.parse(trust))], now: new Date(now), clock: 'given', pinnedBlockHashes: JSON.parse(hashes),
      })`,
      {
        TextEncoder,
        TextDecoder,
        URL,
        CompressionStream,
        DecompressionStream,
        crypto: globalThis.crypto,
        bundle: JSON.stringify(bundle),
        trust: JSON.stringify(trust),
        hashes: JSON.stringify([...blockHashes.values()]),
        now: NOW,
      },
    ) as Promise<{ verdict: string; checks: unknown }>);
    expect(report).toMatchObject({ verdict: 'valid' });
  });
});
