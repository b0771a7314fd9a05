/**
 * The anchorer's purse from full to empty and back, on a real EVM node that stands for a public chain: what operators
 * are told, where, and when. Beside it the alert rules: every metric they ask for is one that this service tells, and
 * each says what to do at a place that there is.
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { computeAddress } from 'ethers';
import { parse } from 'yaml';
import { en } from '../src/web/text/en.js';
import { sv } from '../src/web/text/sv.js';
import { fill } from '../src/web/text/text.js';
import { EvmNode } from './evm-node.js';
import { organisation } from './samples.js';
import { eventually, Service, type Parsed } from './service.js';

const ROOT = fileURLToPath(new URL('../', import.meta.url));
const ANCHOR_KEY = `0x${'5a'.repeat(32)}`;
const ANCHORER = computeAddress(ANCHOR_KEY);
const CHAIN = 'arbitrum-sepolia';
const CHAIN_ID = 421_614;
const PAGE = { accept: 'text/html', 'accept-language': 'sv' };
/** Enough for the back-off of an anchorer that was refused. */
const PATIENCE_MS = 120_000;
jest.setTimeout(4 * PATIENCE_MS);
/** What is anchored becomes final as blocks come on top. */
const BLOCK_MS = 1_000;

let folder: string;
let node: EvmNode;
let blocks: NodeJS.Timeout;
let service: Service;
/** All that was ever told, so that each metric's labels were seen at some time. */
let told = '';
let organisations = 0;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'meritkedja-purse-'));
  node = await EvmNode.start({ chainId: CHAIN_ID, folder, automine: true }, []);
  // A block that is missed comes with the next one.
  blocks = setInterval(() => void node.mine(1).catch(() => undefined), BLOCK_MS);
  service = await Service.start({
    env: {
      CHAIN,
      RPC_URLS: node.url,
      ANCHOR_KEY,
      ANCHOR_INTERVAL: '1',
      ANCHOR_MAX_PER_DAY: '0.5',
    },
  });
});
afterAll(async () => {
  clearInterval(blocks);
  await service?.dispose();
  await node?.kill();
  rmSync(folder, { recursive: true, force: true });
});

const fund = (wei: bigint): Promise<unknown> => node.rpc('anvil_setBalance', ANCHORER, `0x${wei.toString(16)}`);

async function happen(): Promise<void> {
  organisations += 1;
  await service.post('/api/v1/organisations', organisation(organisations));
}

async function metrics(): Promise<string> {
  const { text } = await service.request('/metrics', { token: null });
  told += text;
  return text;
}

/** A sample's value; undefined where there is none. */
async function sample(name: string): Promise<number | undefined> {
  const line = (await metrics()).split('\n').find((one) => one.startsWith(`${name} `));
  return line === undefined ? undefined : Number(line.slice(name.length + 1));
}

async function page(path = '/anchoring'): Promise<string> {
  const { status, text } = await service.request(path, { token: null, headers: PAGE });
  expect(status).toBe(200);
  return text;
}

const chain = async (): Promise<Parsed> => (await service.ok('/api/v1/chains')).items[0];
const health = (): Promise<Parsed> => service.ok('/health/ready', { token: null });
const finals = (): Promise<number | undefined> => sample(`meritkedja_anchors{chain="${CHAIN}",state="finalised"}`);
/** What the service has said on a level since a length of its output. */
const said = (pattern: RegExp, from = 0): boolean => pattern.test(service.output.slice(from));

describe('a purse that is empty at the first start', () => {
  it('is told of at once: by health, page, metrics and log, with the address to send to', async () => {
    await eventually(async () => (await health()).anchoring.includes('send funds to'), 'the empty purse', PATIENCE_MS);
    expect((await health()).anchoring).toContain(ANCHORER);
    await eventually(
      async () => (await sample(`meritkedja_anchorer_balance_coins{chain="${CHAIN}"}`)) === 0,
      'the balance',
      PATIENCE_MS,
    );
    expect(await sample(`meritkedja_chain_problem{chain="${CHAIN}",code="noFunds"}`)).toBe(1);
    expect(await sample('meritkedja_anchoring_trouble')).toBe(1);
    const shown = await page();
    expect(shown).toContain(sv.anchoring.problem.noFunds);
    expect(shown).toContain(ANCHORER);
    expect(said(new RegExp(`has 0 on ${CHAIN}: send funds to ${ANCHORER}`))).toBe(true);
    // It was never ready, so the log does not name it yet.
    expect(await chain()).toMatchObject({ name: CHAIN, anchorer: ANCHORER, balance: '0', problemCode: 'noFunds' });
  });
});

describe('a purse with little in it', () => {
  it('goes on by itself, and is warned of well ahead: the days left at the present rate', async () => {
    // Some eight anchors, and each day has as many as the first: one, two … by the last days' rate.
    await fund(300_000_000_000_000n);
    await happen();
    await eventually(async () => ((await finals()) ?? 0) > 0, 'an anchor that is final', PATIENCE_MS);
    const { warning, forecast, problem } = await eventually(
      async () => {
        const now = await chain();
        // Until the next look the balance is that of the empty purse.
        return now?.warning !== undefined && now.forecast.daysLeft > 0 && now;
      },
      'the warning',
      PATIENCE_MS,
    );
    expect(problem).toBeUndefined();
    expect(forecast.daysLeft).toBeLessThan(14);
    const days = forecast.daysLeft === 1 ? 'day' : 'days';
    const { lessThanDay, oneDay } = sv.anchoring;
    const time = [lessThanDay, oneDay][forecast.daysLeft] ?? fill(sv.anchoring.days, { n: forecast.daysLeft });
    expect(warning).toContain(`${forecast.daysLeft} ${days} left at the present rate; send funds to ${ANCHORER}`);
    expect(await health()).toMatchObject({ status: 'ok', anchoring: 'ok', warning });
    const left = await sample(`meritkedja_anchorer_funds_left_seconds{chain="${CHAIN}"}`);
    expect(Math.floor((left ?? 0) / 86_400)).toBe(forecast.daysLeft);
    expect(await page()).toContain(fill(sv.anchoring.purseLow, { time }));
    await eventually(
      () => said(new RegExp(`WARN.*\\d+ days? left at the present rate; send funds to ${ANCHORER}`)),
      'the log’s warning',
      PATIENCE_MS,
    );
    expect(await sample('meritkedja_anchoring_trouble')).toBe(0);
  });

  it('shows what anchors cost and how long they took, on the pages and in the metrics', async () => {
    expect(await sample(`meritkedja_anchor_transactions_total{chain="${CHAIN}"}`)).toBeGreaterThan(0);
    const spent = (await sample(`meritkedja_anchor_spent_coins_total{chain="${CHAIN}"}`)) ?? 0;
    expect(spent).toBeGreaterThan(0.000_01);
    expect(await sample(`meritkedja_anchor_spent_day_coins{chain="${CHAIN}"}`)).toBeGreaterThanOrEqual(spent);
    expect(await sample(`meritkedja_anchor_budget_day_coins{chain="${CHAIN}"}`)).toBe(0.5);
    expect(await sample(`meritkedja_newest_anchor_delay_seconds{chain="${CHAIN}"}`)).toBeGreaterThan(0);
    const { anchors, firstAt } = await service.ok('/api/v1/batches/1', { token: null });
    expect(anchors[0].sent).toMatchObject([{ outcome: 'included', nonce: 0, txHash: anchors[0].txHash }]);
    expect(Number(anchors[0].sent[0].maxFeePerGas)).toBeGreaterThanOrEqual(Number(anchors[0].effectiveGasPrice));
    const delay = (Date.parse(anchors[0].finalisedAt) - Date.parse(firstAt)) / 1000;
    expect(anchors[0].delaySeconds).toBeCloseTo(delay, 3);
    const shown = await page('/batches/1');
    expect(shown).toContain(`https://sepolia.arbiscan.io/tx/${anchors[0].txHash}`);
    expect(shown).toContain(sv.transactionOutcome.included);
    expect(await page()).toMatch(/<svg class="chart"[^>]* role="img"/);
    expect((await service.request('/batches/999', { token: null, headers: PAGE })).status).toBe(404);
    const english = await service.request('/anchoring?lang=en', { token: null, headers: PAGE });
    expect(english.text).toContain(en.anchoring.heading);
  });

  it('that runs out says so and what to do; events wait, and are anchored when there is money again', async () => {
    const from = service.output.length;
    await fund(1n);
    await happen();
    await eventually(async () => (await chain()).problem !== undefined, 'the empty purse', PATIENCE_MS);
    expect((await health()).anchoring).toContain(`send funds to ${ANCHORER}`);
    expect(await sample(`meritkedja_chain_problem{chain="${CHAIN}",code="noFunds"}`)).toBe(1);
    expect(await page()).toContain(sv.anchoring.problem.noFunds);
    expect(said(new RegExp(`WARN.*send funds to ${ANCHORER}`), from)).toBe(true);
    expect(await sample('meritkedja_oldest_unanchored_age_seconds')).toBeGreaterThan(0);

    await fund(10n ** 18n);
    const waiting = (): Promise<number | undefined> => sample('meritkedja_oldest_unanchored_age_seconds');
    await eventually(async () => (await waiting()) === 0, 'anchoring to go on', PATIENCE_MS);
    await eventually(async () => (await chain()).problem === undefined, 'the problem to be gone', PATIENCE_MS);
    expect(await sample(`meritkedja_chain_problem{chain="${CHAIN}",code="noFunds"}`)).toBeUndefined();
    await eventually(async () => (await chain()).warning === undefined, 'the warning to be gone', PATIENCE_MS);
  });
});

interface Rule {
  readonly alert: string;
  readonly expr: string;
  readonly labels: { readonly severity: string };
  readonly annotations: { readonly summary: string; readonly runbook: string };
}

describe('the alert rules', () => {
  const file = parse(readFileSync(join(ROOT, 'docker/prometheus/alerts.yml'), 'utf8')) as {
    groups: { name: string; rules: Rule[] }[];
  };
  const rules = file.groups.flatMap((group) => group.rules);

  it('have a name each, a severity and a summary', () => {
    expect(rules.length).toBeGreaterThan(10);
    expect(new Set(rules.map(({ alert }) => alert)).size).toBe(rules.length);
    for (const { labels, annotations } of rules) {
      expect(['info', 'warning', 'critical']).toContain(labels.severity);
      expect(annotations.summary).toMatch(/\w/);
    }
  });

  it('ask for metrics and labels that the service tells, and for nothing else', async () => {
    const text = await metrics();
    const known = new Set([...text.matchAll(/^# TYPE (\S+)/gm)].map(([, name]) => name));
    for (const { alert, expr } of rules) {
      const asked = [...expr.matchAll(/\b(?:meritkedja_\w+|up)\b(?:\{([^}]*)\})?/g)];
      expect([alert, asked.length > 0]).toEqual([alert, true]);
      for (const [whole, selector] of asked) {
        const name = /^\w+/.exec(whole)![0];
        // Prometheus tells that one itself.
        if (name === 'up') continue;
        expect([alert, name, known.has(name)]).toEqual([alert, name, true]);
        for (const [, label] of (selector ?? '').matchAll(/(\w+)\s*(?:=~|!~|!=|=)/g)) {
          expect([alert, label, new RegExp(`^${name}\\{[^}]*\\b${label}="`, 'm').test(told)]).toEqual([
            alert,
            label,
            true,
          ]);
        }
      }
    }
  });

  it('name codes of problems that there are', () => {
    const codes = new Set(Object.keys(sv.anchoring.problem));
    const failures = new Set(Object.keys(sv.transactionFailure));
    for (const { expr } of rules) {
      for (const [, list] of expr.matchAll(/code(?:=~|!~|!=|=)"([^"]*)"/g)) {
        for (const code of list!.split('|'))
          expect([code, codes.has(code) || failures.has(code)]).toEqual([code, true]);
      }
    }
  });

  it('say what to do at a section that there is', () => {
    for (const { runbook } of rules.map(({ annotations }) => annotations)) {
      const [path, anchor] = runbook.split('#');
      const headings = readFileSync(join(ROOT, path!), 'utf8').matchAll(/^#+ (.+)$/gm);
      const anchors = [...headings].map(([, heading]) =>
        heading!
          .toLowerCase()
          .replace(/[^\p{L}\p{N}\s-]/gu, '')
          .replaceAll(' ', '-'),
      );
      expect(anchors).toContain(anchor);
    }
  });

  it('are read by the configuration beside them, which scrapes the nodes of the Compose file', () => {
    const config = parse(readFileSync(join(ROOT, 'docker/prometheus/prometheus.yml'), 'utf8'));
    expect(config.rule_files).toEqual(['alerts.yml']);
    const compose = parse(readFileSync(join(ROOT, 'docker/compose.yaml'), 'utf8'), { merge: true });
    const [{ job_name: job, static_configs: configs }] = config.scrape_configs;
    expect(rules.some(({ expr }) => expr.includes(`job="${job}"`))).toBe(true);
    const ledgers = Object.entries<Parsed>(compose.services)
      .filter(([, { environment }]) => environment?.ROLES !== undefined)
      .map(([name]) => `${name}:3000`);
    expect([...configs[0].targets].sort()).toEqual(ledgers.sort());
  });
});
