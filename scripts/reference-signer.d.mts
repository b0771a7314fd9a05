import type { Server } from 'node:http';

export function referenceSigner(options: {
  readonly seed: Uint8Array;
  readonly token?: string;
  readonly allow?: (request: { readonly kind: string; readonly document: Record<string, unknown> }) => boolean;
}): { readonly kid: string; readonly server: Server };
