import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { auditLog } from './audit.js';
import { livedLedger, ServedLog, VKEY, type LivedLedger } from './audited-ledger.fixture.js';
import { httpLogSource } from './http-log-source.js';
import { parseTilePath } from '../log/tiles.js';

let lived: LivedLedger;
let server: Server | undefined;
beforeAll(async () => {
  lived = await livedLedger();
});
afterEach(() => {
  server?.closeAllConnections();
  server?.close();
});

async function serving(listener: RequestListener): Promise<string> {
  server = createServer(listener);
  await new Promise<void>((listening) => server!.listen(0, '127.0.0.1', listening));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/log`;
}

async function answer(log: ServedLog, url: string): Promise<Uint8Array> {
  const [, list, sequence] = /^\/status\/([^?]+)\?sequence=(\d+)$/.exec(url) ?? [];
  if (list !== undefined) return Buffer.from(JSON.stringify(lived.lists.get(`${list} ${sequence}`)));
  const path = url.slice('/log/'.length);
  if (path === 'checkpoint') return Buffer.from(await log.checkpoint());
  const { level, index, width } = parseTilePath(path);
  return level === 'entries' ? log.bundle(index, width) : (await log.tile(level, index, width))!;
}

describe('a log over HTTP', () => {
  it('is audited with partial tiles, compressed or not, through failures that pass', async () => {
    const log = new ServedLog(lived.entries);
    let requests = 0;
    const url = await serving((request, response) => {
      requests += 1;
      if (requests % 3 === 0) {
        response.writeHead(503).end();
        return;
      }
      void answer(log, request.url!).then((bytes) => {
        expect(request.headers['accept-encoding']).toContain('gzip');
        response.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync(bytes));
      });
    });
    const audit = await auditLog(httpLogSource(`${url}/`, { firstWaitMs: 1 }), { vkeys: [{ vkey: VKEY }] });
    expect(audit.findings).toEqual([]);
    expect(audit.size).toBe(lived.entries.length);
    expect(requests).toBeGreaterThan(3);
  });

  it('S15: names entries that the checkpoint promises and nobody serves', async () => {
    const log = new ServedLog(lived.entries);
    const url = await serving((request, response) => {
      if (request.url!.includes('entries')) response.writeHead(404).end();
      else void answer(log, request.url!).then((bytes) => response.end(bytes));
    });
    const { findings } = await auditLog(httpLogSource(url), { vkeys: [{ vkey: VKEY }] });
    expect(findings).toMatchObject([{ severity: 'error', rule: 'S15', code: 'notServed', index: 0 }]);
  });

  it('S1: has the status lists beside it; a copy without them is said to have none, what is no list is none', async () => {
    const log = new ServedLog(lived.entries);
    let lists: string | undefined;
    const url = await serving((request, response) => {
      if (!request.url!.startsWith('/status/')) void answer(log, request.url!).then((bytes) => response.end(bytes));
      else if (lists === undefined) response.writeHead(404).end();
      else response.end(lists);
    });
    const codes = async (): Promise<readonly string[]> => {
      const { findings } = await auditLog(httpLogSource(url), { vkeys: [{ vkey: VKEY }] });
      return [...new Set(findings.map(({ severity, code }) => `${severity} ${code}`))];
    };
    expect(await codes()).toEqual(['warning statusListNotServed']);
    for (lists of ['', '[]', '{"a":1,"a":2}', '\ud800']) expect(await codes()).toEqual(['warning statusListNotServed']);
    lists = '{"a":1}';
    expect(await codes()).toEqual(['error statusListDiffers']);
  });

  it('says so where it cannot be reached, or answers without end', async () => {
    const away = await serving((_, response) => response.destroy());
    await expect(httpLogSource(away, { firstWaitMs: 1 }).checkpoint()).rejects.toMatchObject({ code: 'unreachable' });
    server!.close();
    const endless = await serving((_, response) => {
      const more = (): void => void response.write(Buffer.alloc(4_096), () => response.destroyed || more());
      more();
    });
    await expect(httpLogSource(endless).tile(0, 0, 256)).rejects.toMatchObject({ code: 'refused' });
  });
});
