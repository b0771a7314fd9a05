/** An Atom feed (RFC 4287) of what is logged in an organisation's name. Proven by atom.spec.ts. */
import type { HistoryLine } from './history.read.js';

export interface FeedDescription {
  /** The feed's own address. */
  readonly self: string;
  /** The page for people. */
  readonly page: string;
  /** Address of the service, without a slash at the end. */
  readonly publicUrl: string;
  readonly title: string;
  readonly lang: string;
  /** ISO 8601, for a feed without entries. */
  readonly now: string;
  /** The log's name: entry ids stay the same whatever the service's address. */
  readonly origin: string;
}

/** @param lines newest first @param titleOf a line in words */
export function atomFeed(
  lines: readonly HistoryLine[],
  { self, page, publicUrl, title, lang, now, origin }: FeedDescription,
  titleOf: (line: HistoryLine) => string,
): string {
  const entries = lines.map((line) =>
    [
      '  <entry>',
      `    <id>${xml(entryId(origin, line.index))}</id>`,
      `    <title>${xml(titleOf(line))}</title>`,
      `    <updated>${xml(line.at)}</updated>`,
      `    <link rel="alternate" type="application/json" href="${xml(publicUrl + line.entry)}"/>`,
      `    <category term="${xml(line.type)}"/>`,
      `    <content type="text">${xml(JSON.stringify({ index: line.index, stream: line.stream, by: line.by, data: line.data }))}</content>`,
      '  </entry>',
    ].join('\n'),
  );
  return [
    '<?xml version="1.0" encoding="utf-8"?>',
    `<feed xmlns="http://www.w3.org/2005/Atom" xml:lang="${xml(lang)}">`,
    `  <id>${xml(self)}</id>`,
    `  <title>${xml(title)}</title>`,
    `  <updated>${xml(lines[0]?.at ?? now)}</updated>`,
    `  <author><name>${xml(origin)}</name></author>`,
    `  <link rel="self" type="application/atom+xml" href="${xml(self)}"/>`,
    `  <link rel="alternate" type="text/html" href="${xml(page)}"/>`,
    ...entries,
    '</feed>',
    '',
  ].join('\n');
}

/** A tag URI would need a date that the origin was ours on; a URN of the log's name and the index needs none. */
function entryId(origin: string, index: number): string {
  return `urn:meritkedja:${encodeURIComponent(origin)}:${index}`;
}

/** Text for content and attributes: what XML 1.0 cannot hold at all is left out. */
function xml(text: string): string {
  return (
    text
      // eslint-disable-next-line no-control-regex -- XML 1.0, production 2: these characters have no form in it
      .replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]|[\ud800-\udfff](?![\udc00-\udfff])/gu, '')
      .replaceAll('&', '&amp;')
      .replaceAll('<', '&lt;')
      .replaceAll('>', '&gt;')
      .replaceAll('"', '&quot;')
  );
}
