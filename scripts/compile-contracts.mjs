#!/usr/bin/env node
/**
 * Compiles contracts/AnchorRegistry.sol with the solc of package.json, the same bytes on every machine: the compiler's
 * version, the optimizer and the EVM version are fixed and no metadata is appended.
 *
 *   node scripts/compile-contracts.mjs           writes the artefact, as JSON for others and as TypeScript for src/
 *   node scripts/compile-contracts.mjs --check   compares both with what the compiler makes; exit status 1 if they differ
 */
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { format, resolveConfig } from 'prettier';

const solc = createRequire(import.meta.url)('solc');
const root = resolve(dirname(fileURLToPath(import.meta.url)), '..');
const NAME = 'AnchorRegistry';
const SOURCE = `contracts/${NAME}.sol`;
const JSON_FILE = resolve(root, `contracts/artifacts/${NAME}.json`);
const TS_FILE = resolve(root, 'src/anchoring/anchor-registry.artifact.ts');
/** Shanghai: the newest opcode set that every chain in use has. */
const SETTINGS = {
  optimizer: { enabled: true, runs: 1_000_000 },
  viaIR: true,
  evmVersion: 'shanghai',
  metadata: { appendCBOR: false, bytecodeHash: 'none' },
};

/** Runs the compiler over the source. Any message of it, a warning too, ends the run. */
function compile() {
  const content = readFileSync(resolve(root, SOURCE), 'utf8');
  const input = {
    language: 'Solidity',
    sources: { [SOURCE]: { content } },
    settings: {
      ...SETTINGS,
      outputSelection: { '*': { '*': ['abi', 'evm.bytecode.object', 'evm.deployedBytecode.object'] } },
    },
  };
  const output = JSON.parse(solc.compile(JSON.stringify(input)));
  if (output.errors?.length) {
    for (const error of output.errors) console.error(error.formattedMessage);
    process.exit(1);
  }
  const contract = output.contracts[SOURCE][NAME];
  return {
    contractName: NAME,
    source: SOURCE,
    sourceSha256: createHash('sha256').update(content).digest('hex'),
    // `0.8.37+commit.<id>.Emscripten.clang`: the part that names the build is the same for every compiler's platform.
    compiler: solc.version().split('.Emscripten')[0],
    settings: SETTINGS,
    abi: contract.abi,
    bytecode: `0x${contract.evm.bytecode.object}`,
    deployedBytecode: `0x${contract.evm.deployedBytecode.object}`,
  };
}

/** The artefact as a module: an import of JSON needs an attribute that SWC, jest and tsc treat differently. */
function asTypeScript(artefact) {
  return `/** Made by scripts/compile-contracts.mjs from ${SOURCE}; checked by its --check. Do not edit. */
export const ANCHOR_REGISTRY_ARTIFACT = ${JSON.stringify(artefact, null, 2)} as const;
`;
}

const artefact = compile();
const config = await resolveConfig(TS_FILE);
const outputs = [
  [JSON_FILE, await format(JSON.stringify(artefact), { ...config, parser: 'json' })],
  [TS_FILE, await format(asTypeScript(artefact), { ...config, parser: 'typescript' })],
];

if (process.argv.includes('--check')) {
  const stale = outputs.filter(([file, text]) => readFileSync(file, 'utf8') !== text).map(([file]) => file);
  for (const file of stale) console.error(`${file}: not what ${artefact.compiler} makes of ${SOURCE}`);
  process.exit(stale.length === 0 ? 0 : 1);
}
for (const [file, text] of outputs) {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
}
console.log(`${NAME}: ${(artefact.deployedBytecode.length - 2) / 2} bytes at run time, ${artefact.compiler}`);
