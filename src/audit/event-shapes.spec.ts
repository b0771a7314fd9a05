import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import type { JsonObject } from '../encoding/json.js';
import { isJsonObject } from '../encoding/json.js';
import { isVaultStream } from '../event-store/event-store.js';
import { EVENT_TYPES } from '../event-types.js';
import { EVENT_SHAPES } from './event-shapes.js';

const GOLDEN = new URL('../event-store/golden/', import.meta.url);
const logged = EVENT_TYPES.list().filter(({ stream }) => !isVaultStream(stream));

function goldenData(type: string, v: number): JsonObject {
  const { written } = JSON.parse(readFileSync(new URL(`${type}.v${v}.json`, GOLDEN), 'utf8')) as { written: string };
  return (JSON.parse(written) as { data: JsonObject }).data;
}

describe('the shapes of events', () => {
  it('S14: every type of the log has one for each of its versions', () => {
    const wanted = logged.map(({ type, version }) => [type, version]);
    expect(
      Object.entries(EVENT_SHAPES)
        .map(([type, shapes]) => [type, shapes.length])
        .sort(),
    ).toEqual(wanted.sort());
  });

  it.each(logged.flatMap(({ type, version }) => Array.from({ length: version }, (_, i) => [type, i + 1] as const)))(
    'S14: %s of version %i as it was once written, and nothing beside or without what it needs',
    (type, v) => {
      const shape = EVENT_SHAPES[type]![v - 1]!;
      const data = goldenData(type, v);
      expect(shape(data)).toBeUndefined();
      expect(shape({ ...data, unheardOf: 1 })).toMatch(/unheardOf/);
      for (const name of Object.keys(data)) {
        expect(shape({ ...data, [name]: { no: 'shape' } })).toContain(name);
      }
    },
  );

  it('there is a golden file of every type here', () => {
    const files = readdirSync(GOLDEN);
    for (const type of Object.keys(EVENT_SHAPES)) expect(files).toContain(`${type}.v1.json`);
  });

  it('S14: members within members are held to theirs', () => {
    const [shape] = EVENT_SHAPES['VersionPublished']!;
    const data = goldenData('VersionPublished', 1);
    const content = data['content'];
    if (!isJsonObject(content)) throw new TypeError('no content');
    expect(shape!({ ...data, content: { ...content, workload: { hours: 1.5 } } })).toMatch(/content.workload.hours/);
    expect(shape!({ ...data, content: { ...content, title: { sv: 'x', de: 'y' } } })).toMatch(/content.title.de/);
    expect(shape!({ ...data, content: { ...content, tasks: [{ en: 'x' }] } })).toMatch(/content.tasks.0.sv/);
  });
});
