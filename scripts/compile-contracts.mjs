#!/usr/bin/env node
/**
 * Compiles contracts/AnchorRegistry.sol with the solc of package.json, the same bytes on every machine: the compiler's
 * version, the optimizer and the EVM version are fixed and no metadata is appended. Written are
 *
 * - the artefact, as JSON for others and as TypeScript for src/: code, interface, settings, the hashes of code and metadata;
 * - the compiler's metadata, whose hash the artefact has;
 * - the standard JSON input, with which a block explorer verifies the contract (docs/anchoring.md).
 *
 *   node scripts/compile-contracts.mjs           writes them
 *   node scripts/compile-contracts.mjs --check   compares them with what the compiler makes; exit status 1 if they differ
 */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { keccak_256 } from '@noble/hashes/sha3.js';
import { format, resolveConfig } from 'prettier';

const solc = createRequire(import.meta.url)('solc');
const root = resolve(dirname(fileURLToPath(import.meta.url)), '..');
const NAME = 'AnchorRegistry';
const SOURCE = `contracts/${NAME}.sol`;
/** The one compiler whose bytes are at the registry's address on every chain. */
const COMPILER = '0.8.37';
const JSON_FILE = resolve(root, `contracts/artifacts/${NAME}.json`);
const METADATA_FILE = resolve(root, `contracts/artifacts/${NAME}.metadata.json`);
const INPUT_FILE = resolve(root, `contracts/artifacts/${NAME}.standard-input.json`);
const TS_FILE = resolve(root, 'src/anchoring/anchor-registry.artifact.ts');
/** Shanghai: the newest opcode set that every chain in use has. */
const SETTINGS = {
  optimizer: { enabled: true, runs: 1_000_000 },
  viaIR: true,
  evmVersion: 'shanghai',
  metadata: { appendCBOR: false, bytecodeHash: 'none' },
};

const sha256 = (text) => createHash('sha256').update(text).digest('hex');
const keccak256 = (hex) => `0x${Buffer.from(keccak_256(Buffer.from(hex, 'hex'))).toString('hex')}`;

/** The compiler's standard JSON input: all that its output depends on. */
function standardInput() {
  return {
    language: 'Solidity',
    sources: { [SOURCE]: { content: readFileSync(resolve(root, SOURCE), 'utf8') } },
    settings: {
      ...SETTINGS,
      outputSelection: { '*': { '*': ['abi', 'metadata', 'evm.bytecode.object', 'evm.deployedBytecode.object'] } },
    },
  };
}

/** Runs the compiler over the source. Any message of it, a warning too, ends the run. */
function compile(input) {
  if (!solc.version().startsWith(`${COMPILER}+`)) {
    console.error(`solc ${solc.version()} is installed and ${COMPILER} is needed: run \`npm ci\``);
    process.exit(1);
  }
  const output = JSON.parse(solc.compile(JSON.stringify(input)));
  if (output.errors?.length) {
    for (const error of output.errors) console.error(error.formattedMessage);
    process.exit(1);
  }
  const { abi, evm, metadata } = output.contracts[SOURCE][NAME];
  const artefact = {
    contractName: NAME,
    source: SOURCE,
    sourceSha256: sha256(input.sources[SOURCE].content),
    // `0.8.37+commit.<id>.Emscripten.clang`: the part that names the build is the same for every compiler's platform.
    compiler: solc.version().split('.Emscripten')[0],
    settings: SETTINGS,
    metadataSha256: sha256(metadata),
    abi,
    bytecode: `0x${evm.bytecode.object}`,
    bytecodeKeccak256: keccak256(evm.bytecode.object),
    deployedBytecode: `0x${evm.deployedBytecode.object}`,
    deployedBytecodeKeccak256: keccak256(evm.deployedBytecode.object),
  };
  return { artefact, metadata };
}

/** The artefact as a module: an import of JSON needs an attribute that SWC, jest and tsc treat differently. */
function asTypeScript(artefact) {
  return `/** Made by scripts/compile-contracts.mjs from ${SOURCE}; checked by its --check. Do not edit. */
export const ANCHOR_REGISTRY_ARTIFACT = ${JSON.stringify(artefact, null, 2)} as const;
`;
}

const input = standardInput();
const { artefact, metadata } = compile(input);
const config = await resolveConfig(TS_FILE);
const outputs = [
  [JSON_FILE, await format(JSON.stringify(artefact), { ...config, parser: 'json' })],
  // As the compiler wrote it, byte for byte: its hash is in the artefact.
  [METADATA_FILE, metadata],
  [INPUT_FILE, await format(JSON.stringify(input), { ...config, parser: 'json' })],
  [TS_FILE, await format(asTypeScript(artefact), { ...config, parser: 'typescript' })],
];

if (process.argv.includes('--check')) {
  const stale = outputs
    .filter(([file, text]) => !existsSync(file) || readFileSync(file, 'utf8') !== text)
    .map(([file]) => file);
  for (const file of stale) console.error(`${file}: not what ${artefact.compiler} makes of ${SOURCE}`);
  process.exit(stale.length === 0 ? 0 : 1);
}
for (const [file, text] of outputs) {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
}
console.log(`${NAME}: ${(artefact.deployedBytecode.length - 2) / 2} bytes at run time, ${artefact.compiler}`);
