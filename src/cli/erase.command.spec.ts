/** `meritkedja erase`: nothing is erased unasked, by mistake or by the wrong name. */
import { describe, expect, it } from '@jest/globals';
import { cliEnvironment } from './environment.js';
import type { CliIo } from './cli-io.js';
import { run } from './run.js';

const HOLDER = '0b0e7a52-7d1c-4a39-9d5e-0f5c3f6f2a11';
const CREDENTIAL = '5f1c1a3e-93a4-4c7e-8f0b-6a9a1c2d3e4f';
const ANSWER = { holder: HOLDER, erasedAt: '2026-11-24T12:00:00.000Z', credentials: 2, shares: 3, reservations: 1 };

interface Run {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
  readonly sent: readonly string[];
  readonly asked: readonly string[];
}

async function erase(args: readonly string[], typed?: string): Promise<Run> {
  let [stdout, stderr] = ['', ''];
  const sent: string[] = [];
  const asked: string[] = [];
  const io: CliIo = {
    ...cliEnvironment({ MERITKEDJA_TOKEN: 'token', LANG: 'C' }),
    stdout: { write: (text) => (stdout += text) },
    stderr: { write: (text) => (stderr += text) },
    stdin: () => Promise.resolve(new Uint8Array()),
    now: () => new Date(0),
    ask: typed === undefined ? undefined : (question) => (asked.push(question), Promise.resolve(typed)),
    fetch: (url, init) => {
      const path = new URL(url instanceof Request ? url.url : url).pathname;
      sent.push(`${init?.method} ${path} ${typeof init?.body === 'string' ? init.body : ''}`.trim());
      return Promise.resolve(Response.json(path.endsWith('/holder') ? { id: HOLDER } : ANSWER));
    },
  };
  const status = await run(['erase', ...args], io);
  return { status, stdout, stderr, sent, asked };
}
const ERASE = `POST /api/v1/holders/${HOLDER}/erase {"confirm":"${HOLDER}"}`;

describe('meritkedja erase', () => {
  it('asks at a terminal, says what goes and what stays, and erases when the id’s beginning is typed', async () => {
    const { status, sent, asked, stdout } = await erase([HOLDER], '0B0E7A52');
    expect([status, sent]).toEqual([0, [ERASE]]);
    expect(asked).toEqual([expect.stringMatching(/cannot be undone[\s\S]*What stays[\s\S]*Type 0b0e7a52/)]);
    expect(stdout).toMatch(/2 credentials can no longer be opened, 3 links show nothing, 1 personal number forgotten/);
    expect(stdout).toContain('meritkedja keys rotate-epoch');
    expect(stdout).toMatch(/Whoever kept a credential[\s\S]*within\s+30 days/);
  });

  it.each([[''], ['y'], ['yes'], ['0b0e7a5']])('does nothing when %j is typed', async (typed) => {
    const { status, sent } = await erase([HOLDER], typed);
    expect([status, sent]).toEqual([64, []]);
  });

  it('does nothing without a terminal, unless --yes says so', async () => {
    expect(await erase([HOLDER])).toMatchObject({ status: 64, sent: [] });
    expect(await erase([HOLDER, '--yes'])).toMatchObject({ status: 0, sent: [ERASE], asked: [] });
  });

  it('finds the holder of a credential first', async () => {
    const { status, sent, stdout } = await erase(['--credential', CREDENTIAL, '--yes', '--json']);
    expect([status, sent]).toEqual([0, [`GET /api/v1/credentials/${CREDENTIAL}/holder`, ERASE]]);
    expect(JSON.parse(stdout)).toEqual(ANSWER);
  });

  it.each([[[]], [[HOLDER, '--credential', CREDENTIAL]], [['../../x']], [['--credential', 'x']], [['19850101-0000']]])(
    'refuses %j as wrong usage and asks nobody',
    async (args) => {
      expect(await erase([...args, '--yes'])).toMatchObject({ status: 64, sent: [], stdout: '' });
    },
  );
});
