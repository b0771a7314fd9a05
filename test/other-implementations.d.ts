/** Types of the packages without types that tests compare ours with: only what the tests call. */

declare module 'jsonld' {
  interface Options {
    readonly safe: boolean;
    readonly documentLoader: (
      url: string,
    ) => Promise<{ readonly contextUrl: null; readonly documentUrl: string; readonly document: unknown }>;
  }
  const jsonld: {
    expand(document: unknown, options: Options): Promise<unknown[]>;
    compact(document: unknown, context: unknown, options: Options): Promise<Record<string, unknown>>;
    canonize(
      document: unknown,
      options: Options & { algorithm: 'RDFC-1.0'; format: 'application/n-quads' },
    ): Promise<string>;
  };
  export = jsonld;
}

declare module '@digitalbazaar/bitstring' {
  export class Bitstring {
    constructor(options: { length: number } | { buffer: Uint8Array });
    readonly length: number;
    get(position: number): boolean;
    set(position: number, on: boolean): void;
    /** base64url of the gzip, without the multibase prefix. */
    encodeBits(): Promise<string>;
    static decodeBits(options: { encoded: string }): Promise<Uint8Array>;
  }
}

declare module '@digitalbazaar/eddsa-jcs-2022-cryptosuite' {
  interface Cryptosuite {
    readonly name: string;
    createVerifier(options: { verificationMethod: object }): Promise<{
      verify(options: { data: Uint8Array; signature: Uint8Array }): Promise<boolean>;
    }>;
    createVerifyData(options: { cryptosuite: Cryptosuite; document: object; proof: object }): Promise<Uint8Array>;
  }
  export function createSignCryptosuite(): Cryptosuite;
  export function createVerifyCryptosuite(): Cryptosuite;
}

declare module '@digitalbazaar/ed25519-multikey' {
  interface KeyPair {
    signer(): { sign(options: { data: Uint8Array }): Promise<Uint8Array> };
    verifier(): { verify(options: { data: Uint8Array; signature: Uint8Array }): Promise<boolean> };
  }
  export function from(key: object): Promise<KeyPair>;
  export function generate(options: object): Promise<KeyPair>;
}

declare module 'pdfkit' {
  interface FileOptions {
    readonly name: string;
    readonly type?: string;
    readonly relationship?: string;
  }
  class PDFDocument {
    constructor(options: { compress?: boolean; pdfVersion?: string; userPassword?: string; ownerPassword?: string });
    on(event: 'data', listener: (chunk: Uint8Array) => void): this;
    on(event: 'end', listener: () => void): this;
    file(content: Uint8Array, options: FileOptions): unknown;
    text(text: string): this;
    end(): void;
  }
  export = PDFDocument;
}
