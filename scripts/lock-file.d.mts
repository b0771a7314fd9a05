/** A package-lock.json, as far as it is compared. */
export interface LockFile {
  readonly packages: Readonly<
    Record<
      string,
      {
        readonly version?: string;
        readonly resolved?: string;
        readonly integrity?: string;
        readonly optional?: boolean;
      }
    >
  >;
}
/** The first change that counts, in words, or undefined. */
export function describeLockChange(before: LockFile, after: LockFile): string | undefined;
