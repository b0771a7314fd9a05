/**
 * The verifier's platform in Node: its own Ed25519, SHA-256 and gzip, several times as fast as plain JavaScript. For the
 * service, the command line and the audit. Proven by verification/platform.spec.ts and ed25519.spec.ts.
 */
import { hash } from 'node:crypto';
import { gunzipSync } from 'node:zlib';
import { EncodingError } from '../errors.js';
import type { Platform } from '../verification/index.js';
import { verifyEd25519 } from './ed25519.js';

export const NODE_PLATFORM: Platform = {
  ed25519: verifyEd25519,
  sha256: (bytes) => hash('sha256', bytes, 'buffer'),
  gunzip,
};

function gunzip(bytes: Uint8Array, limit: number): Uint8Array {
  try {
    return gunzipSync(bytes, { maxOutputLength: limit });
  } catch (error) {
    const isLonger = (error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE';
    throw new EncodingError(isLonger ? `gzip of more than ${limit} bytes` : 'broken gzip');
  }
}
