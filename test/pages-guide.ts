/** The guide's table "Exempel på en mikromerit baserad på läranderesultat", read from the guide's own text. */
import { existsSync, readFileSync } from 'node:fs';
import { InvariantError } from '../src/errors.js';

const GUIDE = new URL('../../shared/guide.sv.md', import.meta.url);

export const HAS_GUIDE = existsSync(GUIDE);

export interface GuideTable {
  readonly title: string;
  readonly headings: readonly string[];
  readonly rows: readonly (readonly string[])[];
  readonly tasks: readonly string[];
}

export function guideTable(): GuideTable {
  const text = readFileSync(GUIDE, 'utf8');
  const [, section] = /^## Exempel på en mikromerit baserad på läranderesultat\n(.*?)^## /ms.exec(text) ?? [];
  const [, title] = /benämning: \*(.+)\*/.exec(section ?? '') ?? [];
  if (section === undefined || title === undefined) throw new InvariantError('the guide has no such example');
  const lines = section.split('\n').filter((line) => line.includes('\t'));
  const [, headings = [], ...rows] = lines
    .slice(0, 6)
    .map((line) => line.split('\t').map((cell) => cell.replace(/<\/?[bi]>/g, '').trim()));
  return { title, headings, rows: rows.slice(0, 3), tasks: rows[3] ?? [] };
}
