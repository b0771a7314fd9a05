import { describe, expect, it } from '@jest/globals';
import { atomFeed, type FeedDescription } from './atom.js';
import type { HistoryLine } from './history.read.js';

const FEED: FeedDescription = {
  self: 'https://ledger.example/feed?a=1&b=2',
  page: 'https://ledger.example/page',
  publicUrl: 'https://ledger.example',
  title: 'Allt i <organisationens> namn & "mer"',
  lang: 'sv',
  now: '2026-11-24T12:00:00.000Z',
  origin: 'ledger.example/log',
};
const LINE: HistoryLine = {
  ...{ index: 7, stream: 'organisation-x', revision: 0, type: 'OrganisationRegistered', by: 'operator' },
  ...{ at: '2026-11-23T12:00:00.000Z', data: { name: ']]> & <b> \u0000\ud800' } },
  ...{ entry: '/log/entries/7', proof: '/log/proof?index=7' },
};

describe('a feed (RFC 4287)', () => {
  it('has an id, a title, a time and an author, also without entries', () => {
    const feed = atomFeed([], FEED, () => '');
    expect(feed).toContain('<id>https://ledger.example/feed?a=1&amp;b=2</id>');
    expect(feed).toContain('<title>Allt i &lt;organisationens&gt; namn &amp; &quot;mer&quot;</title>');
    expect(feed).toContain('<updated>2026-11-24T12:00:00.000Z</updated>');
    expect(feed).toContain('<author><name>ledger.example/log</name></author>');
  });

  it('names each entry by the log and its index, whatever the address of the service', () => {
    const feed = atomFeed([LINE], FEED, ({ type }) => type);
    expect(feed).toContain('<id>urn:meritkedja:ledger.example%2Flog:7</id>');
    expect(feed).toContain('<updated>2026-11-23T12:00:00.000Z</updated>\n  <author>');
    expect(feed).toContain('href="https://ledger.example/log/entries/7"');
  });

  it('lets no text become markup, and no character in that XML cannot hold', () => {
    const feed = atomFeed([LINE], FEED, () => 'x\u0001\ud83d\ude00\udc00</title>');
    expect(feed).toContain('<title>x\ud83d\ude00&lt;/title&gt;</title>');
    expect(feed).not.toMatch(/<b>|\]\]>/);
    expect([...feed].filter((character) => character < ' ' && character !== '\n')).toEqual([]);
  });
});
