/**
 * A private key in a Web3 Secret Storage v3 file, as geth, Clef and Foundry's `cast wallet` write it: scrypt, AES-128-CTR.
 * ethers opens it; Node's scrypt, on a thread of its own, takes the place of ethers', which blocks for seconds. What it may
 * take is bounded before it begins, as the file says how much that is.
 * https://ethereum.org/en/developers/docs/data-structures-and-encoding/web3-secret-storage/
 * Proven by anchor-signer.int.spec.ts.
 */
import { scrypt as nodeScrypt, type ScryptOptions } from 'node:crypto';
import { open } from 'node:fs/promises';
import { promisify } from 'node:util';
import { decryptKeystoreJson, scrypt } from 'ethers';
import { z } from 'zod';
import { fromHex0x } from '../encoding/hex.js';
import { ConfigError } from '../errors.js';

const FILE = 'ANCHOR_KEYSTORE';
const PASSWORD = 'ANCHOR_KEYSTORE_PASSWORD';
const MAX_FILE_BYTES = 65_536;
/** scrypt takes 128 · n · r bytes (RFC 7914, section 2). Twice what geth's own files take. */
const MAX_MEMORY_BYTES = 512 * 1024 * 1024;
const MAX_PARALLEL = 8;

const deriveKey: (password: Uint8Array, salt: Uint8Array, length: number, options: ScryptOptions) => Promise<Buffer> =
  promisify(nodeScrypt);
scrypt.register((password, salt, N, r, p, length) =>
  deriveKey(password, salt, length, { N, r, p, maxmem: 2 * MAX_MEMORY_BYTES }),
);

const contents = z.object({
  version: z.literal(3),
  crypto: z.object({
    cipher: z.literal('aes-128-ctr'),
    kdf: z.literal('scrypt'),
    kdfparams: z.object({
      n: z
        .int()
        .min(2)
        .refine((n) => Number.isInteger(Math.log2(n))),
      r: z.int().min(1),
      p: z.int().min(1),
      dklen: z.literal(32),
    }),
  }),
});

/** Some, ethers among them, write `Crypto`. */
const keystore = z.preprocess(
  (json) => (typeof json === 'object' && json !== null && 'Crypto' in json ? { crypto: json.Crypto, ...json } : json),
  contents,
);

/**
 * @param path of the file
 * @returns the key, 32 bytes
 * @throws ConfigError naming ANCHOR_KEYSTORE or ANCHOR_KEYSTORE_PASSWORD
 */
export async function openKeystoreFile(path: string, password: string): Promise<Uint8Array> {
  const text = await readBounded(path);
  const parsed = keystore.safeParse(parseJson(text));
  if (!parsed.success) {
    throw new ConfigError(
      FILE,
      `${path} is not a keystore that this service opens: Web3 Secret Storage version 3 with scrypt and aes-128-ctr ` +
        `(at ${parsed.error.issues[0]?.path.join('.') || 'the top'})`,
    );
  }
  const { n, r, p } = parsed.data.crypto.kdfparams;
  if (128 * n * r > MAX_MEMORY_BYTES || p > MAX_PARALLEL) {
    throw new ConfigError(
      FILE,
      `${path} asks for scrypt with n=${n}, r=${r}, p=${p}; at most 128·n·r = ${MAX_MEMORY_BYTES} bytes and ` +
        `p = ${MAX_PARALLEL} are given to it: write the keystore again with n=262144, r=8, p=1`,
    );
  }
  try {
    return fromHex0x((await decryptKeystoreJson(text, password)).privateKey);
  } catch (error) {
    // Without the cause, which may hold parts of the file.
    if (isAbout(error, 'password')) throw new ConfigError(PASSWORD, `does not open ${path}`);
    const why = isAbout(error, 'address') ? 'the key in it is not that of its address' : 'it is damaged';
    throw new ConfigError(FILE, `${path} cannot be opened: ${why}`);
  }
}

async function readBounded(path: string): Promise<string> {
  let file;
  try {
    file = await open(path, 'r');
    const buffer = new Uint8Array(MAX_FILE_BYTES + 1);
    const { bytesRead } = await file.read(buffer);
    if (bytesRead > MAX_FILE_BYTES) throw new ConfigError(FILE, `${path} is no keystore: over ${MAX_FILE_BYTES} bytes`);
    return new TextDecoder().decode(buffer.subarray(0, bytesRead));
  } catch (error) {
    if (error instanceof ConfigError) throw error;
    throw new ConfigError(FILE, `${path} cannot be read (${(error as NodeJS.ErrnoException).code ?? 'error'})`);
  } finally {
    await file?.close();
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** ethers names the argument that is wrong. */
function isAbout(error: unknown, argument: string): boolean {
  return error instanceof Error && 'argument' in error && error.argument === argument;
}
