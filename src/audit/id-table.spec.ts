import { describe, expect, it } from '@jest/globals';
import { CredentialTable, formatUuid, readUuid } from './id-table.js';

const id = new Uint32Array(4);

describe('a table of ids', () => {
  it('finds each of many, also where chosen ids differ in one digit', () => {
    const table = new CredentialTable();
    const uuids = Array.from({ length: 20_000 }, (_, i) =>
      i % 2 === 0 ? crypto.randomUUID() : `00000000-0000-0000-0000-${i.toString(16).padStart(12, '0')}`,
    );
    for (const [row, uuid] of uuids.entries()) {
      expect(readUuid(`x-${uuid}`, 2, id)).toBe(true);
      expect(table.find(id)).toBe(-1);
      expect(table.add(id)).toBe(row);
      table.issued[row] = row * 2 ** 33;
    }
    const copy = new CredentialTable();
    copy.imported(table.exported());
    for (const [row, uuid] of uuids.entries()) {
      readUuid(uuid, 0, id);
      for (const one of [table, copy]) {
        expect(one.find(id)).toBe(row);
        expect(one.issued[row]).toBe(row * 2 ** 33);
      }
      expect(copy.idOf(row)).toBe(uuid);
    }
  });

  it('takes for an id only what is one', () => {
    const uuid = crypto.randomUUID();
    expect(readUuid(uuid, 0, id) && formatUuid(id)).toBe(uuid);
    for (const text of [uuid.toUpperCase().replace(/\d/g, 'A'), `${uuid}0`, uuid.slice(1), uuid.replace('-', '0')]) {
      expect(readUuid(text, 0, id)).toBe(false);
    }
    expect(readUuid(uuid.replace(/.$/, 'å'), 0, id)).toBe(false);
  });
});
