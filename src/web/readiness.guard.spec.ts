/** A node whose tables are being built: what it answers, and what it puts off. */
import type { ExecutionContext } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { describe, expect, it } from '@jest/globals';
import { RebuildingError } from '../errors.js';
import type { Ledger } from '../ledger.js';
import { Operation } from './operation.js';
import type { OperationName } from './policy.js';
import { problemOf } from './problem.js';
import { ReadinessGuard } from './readiness.guard.js';
import { SystemController } from './system.controller.js';

const progress = { done: 30, of: 120 };
function ledgerThat(isReady: boolean, isServing: boolean): Ledger {
  return {
    isReady,
    readModels: { isServing, progress },
    store: { head: () => Promise.resolve({ position: 120n, logSize: 100 }) },
    log: { tree: { size: 100 } },
    anchoring: { problem: undefined, chains: [] },
    signer: { problem: undefined },
  } as unknown as Ledger;
}

function allows(ledger: Ledger, name?: OperationName): boolean {
  const handler = (): void => undefined;
  if (name) Operation({ name, summary: '' })({}, '', { value: handler });
  return new ReadinessGuard(ledger).canActivate({ getHandler: () => handler } as unknown as ExecutionContext);
}

async function ready(ledger: Ledger): Promise<{ status: number; headers: Record<string, string>; answer: object }> {
  let status = 200;
  const headers: Record<string, string> = {};
  const reply = {
    status: (code: number) => ((status = code), reply),
    header: (name: string, value: string) => ((headers[name] = value), reply),
  };
  const controller = new SystemController(ledger, undefined as never, undefined as never);
  const answer = await controller.ready(reply as unknown as FastifyReply);
  return { status, headers, answer };
}

describe('a node whose tables are being built', () => {
  const rebuilding = ledgerThat(false, false);

  it('answers what needs no tables', () => {
    for (const name of ['health.read', 'openapi.read', 'trust.read', 'readModels.read', 'log.readProof'] as const) {
      expect(allows(rebuilding, name)).toBe(true);
    }
  });

  it('puts off everything else, and says how far it is', () => {
    expect(() => allows(rebuilding, 'credential.issue')).toThrow(RebuildingError);
    expect(() => allows(rebuilding, 'page.public')).toThrow(RebuildingError);
    expect(() => allows(rebuilding)).toThrow(RebuildingError);
    const problem = problemOf(new RebuildingError(progress), 'sv');
    expect(problem).toMatchObject({ status: 503, type: 'urn:meritkedja:problem:rebuilding' });
    expect(problem.detail).toContain('25 %');
  });

  it('is not ready: 503 with its progress', async () => {
    expect(await ready(rebuilding)).toMatchObject({
      status: 503,
      headers: { 'retry-after': '5', 'cache-control': 'no-store' },
      answer: { status: 'rebuilding', progress },
    });
  });

  it('is starting once they are there and it has not signed yet', async () => {
    expect(await ready(ledgerThat(false, true))).toMatchObject({ status: 503, answer: { status: 'starting' } });
    expect(() => allows(ledgerThat(false, true), 'credential.issue')).toThrow('starting');
  });
});

describe('a node that is ready', () => {
  it('puts off nothing', async () => {
    expect(allows(ledgerThat(true, true), 'credential.issue')).toBe(true);
    expect(await ready(ledgerThat(true, true))).toMatchObject({ status: 200, answer: { status: 'ok' } });
  });
});
