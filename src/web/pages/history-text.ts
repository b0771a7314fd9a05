/** Lines of a history in words; the same for the page and the feed. */
import { fill, labelOf, texts } from '../text/text.js';
import type { Lang } from './view-models.js';

/** What is told of a line. */
export interface ToldLine {
  readonly type: string;
  readonly by: string;
  readonly data: Readonly<Record<string, unknown>>;
}

/** @param nameOf the name of an organisation, or of a mandate's, by UUID */
export function lineText({ type, data }: ToldLine, nameOf: (organisation: string) => string, lang: Lang): string {
  const t = texts(lang);
  const told = (member: string, value: string | number): string | number => {
    if (NAMED.has(member)) return nameOf(String(value));
    if (member === 'reasonCode') return lower(labelOf(t.reason, String(value)));
    return member === 'reason' ? labelOf(t.historyState, String(value)) : value;
  };
  const values = Object.entries(data).flatMap(([member, value]): [string, string | number][] =>
    typeof value === 'string' || typeof value === 'number' ? [[member, told(member, value)]] : [],
  );
  return fill(labelOf(t.historyEvent, type), Object.fromEntries(values));
}

/** Members that hold the UUID of an organisation, or of a mandate, which is called by whose it is. */
const NAMED: ReadonlySet<string> = new Set(['organisation', 'owner', 'creator', 'mandate']);

/** `operator`, `process:<name>` or `organisation:<uuid>:<role>` in words. */
export function byText(by: string, nameOf: (organisation: string) => string, lang: Lang): string {
  const t = texts(lang);
  if (by === 'operator') return t.history.operator;
  if (by.startsWith('process:')) return t.history.process;
  const [, id, role] = /^organisation:([^:]+):(.+)$/.exec(by) ?? [];
  return id === undefined || role === undefined ? by : fill(t.history.organisation, { name: nameOf(id), role });
}

function lower(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1);
}
