/** The set-up accepts from `npm install` only what leaves the installed packages the same (scripts/lock-file.mjs). */
import { describe, expect, it } from '@jest/globals';
import { describeLockChange } from '../scripts/lock-file.mjs';
import type { LockFile } from '../scripts/lock-file.mjs';

const zod = { version: '4.6.7', resolved: 'https://registry.npmjs.org/zod/-/zod-4.6.7.tgz', integrity: 'sha512-a' };
const before: LockFile = { packages: { '': { version: '0.1.0' }, 'node_modules/zod': zod } };

function after(packages: LockFile['packages']): LockFile {
  return { packages: { ...before.packages, ...packages } };
}

describe('a lock file after npm install', () => {
  it('may be the same with its members in another order and flags of another npm', () => {
    const reordered = { integrity: zod.integrity, peer: true, resolved: zod.resolved, version: zod.version };
    const lock = { packages: { 'node_modules/zod': reordered, '': { version: '0.1.0' } } };
    expect(describeLockChange(before, lock)).toBeUndefined();
  });

  it('may have more optional packages, of other platforms', () => {
    const lock = after({ 'node_modules/@esbuild/darwin-arm64': { version: '0.28.2', optional: true } });
    expect(describeLockChange(before, lock)).toBeUndefined();
  });

  it('must not have another package, or one less', () => {
    expect(describeLockChange(before, after({ 'node_modules/left-pad': { version: '1.3.0' } }))).toBe(
      'node_modules/left-pad was added',
    );
    expect(describeLockChange(before, { packages: { '': { version: '0.1.0' } } })).toBe('node_modules/zod was removed');
  });

  it.each(['version', 'resolved', 'integrity'] as const)('must not have another %s of a package', (member) => {
    const lock = after({ 'node_modules/zod': { ...zod, [member]: 'other' } });
    expect(describeLockChange(before, lock)).toBe(`node_modules/zod: ${member} ${zod[member]} became other`);
  });
});
