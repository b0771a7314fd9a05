/** docs/events.md is what the event types say (scripts/generate-events-doc.mjs). */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from '@jest/globals';
import { describeEvents, eventsDocument } from '../scripts/generate-events-doc.mjs';

const FOLDER = mkdtempSync(join(tmpdir(), 'meritkedja-events-'));
afterAll(() => rmSync(FOLDER, { recursive: true }));

function described(source: string): string {
  const file = join(FOLDER, 'thing.events.ts');
  writeFileSync(file, `type DomainEvent<T, D> = { type: T; data: D };\n${source}`);
  return describeEvents([file]);
}

describe('docs/events.md', () => {
  it('is what `node scripts/generate-events-doc.mjs` writes', async () => {
    expect(readFileSync(new URL('../docs/events.md', import.meta.url), 'utf8')).toBe(await eventsDocument());
  });

  it('names each event under its stream, with its comment, members and what is sealed', () => {
    const text = described(`
      /**
       * It was made.
       * @sealed under a key: \`{name}\`
       */
      export type ThingMade = DomainEvent<'ThingMade', { /** In metres. */ readonly size: number; readonly kind?: 'a' | 'b' }>;
      export type ThingGone = DomainEvent<'ThingGone', Record<string, never>>;
      export type ThingEvent = ThingMade | ThingGone;
      export function thingStream(id: string): string { return \`thing-\${id}\`; }`);
    expect(text).toContain('## `thing-<uuid>`');
    expect(text).toContain('### ThingMade\n\nIt was made.\n\nVersion 1. Sealed under a key: `{name}`.');
    expect(text).toContain('| `size` | `number` | In metres. |');
    expect(text).toContain("| `kind` (optional) | `'a' \\| 'b'` |  |");
    expect(text).toContain('### ThingGone\n\nVersion 1. Nothing sealed.\n\nNo public members.');
  });

  it('cannot be made of an event without a stream, or one whose name is not its type', () => {
    expect(() => described(`export type Lost = DomainEvent<'Lost', {}>;`)).toThrow('Lost: no stream');
    expect(() =>
      described(`export const THING_STREAM = 'thing'; export type ThingMade = DomainEvent<'ThingMaid', {}>;`),
    ).toThrow('ThingMade: the alias');
  });
});
