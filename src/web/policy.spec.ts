/** The table of who may do what, held against the routes that there are: none without an operation, none unused. */
import 'reflect-metadata';
import { readdirSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { METHOD_METADATA, PATH_METADATA } from '@nestjs/common/constants.js';
import { RequestMethod } from '@nestjs/common';
import { operationOf, type OperationDescription } from './operation.js';
import { isAllowed, POLICY } from './policy.js';

const SOURCES = fileURLToPath(new URL('../', import.meta.url));

interface Route {
  /** Class and method, for messages. */
  readonly name: string;
  readonly method: string;
  readonly operation: OperationDescription | undefined;
}

/** All handlers of all controllers under src/, whether a module names them or not. */
async function routesOf(): Promise<Route[]> {
  const files = readdirSync(SOURCES, { recursive: true, encoding: 'utf8' }).filter((file) =>
    file.endsWith('.controller.ts'),
  );
  const routes: Route[] = [];
  for (const file of files) {
    const path = `./${relative(fileURLToPath(new URL('.', import.meta.url)), join(SOURCES, file))}`;
    const exported = (await import(path.replace(/\.ts$/, '.js'))) as Readonly<Record<string, unknown>>;
    for (const [className, controller] of Object.entries(exported)) {
      if (typeof controller !== 'function' || !Reflect.hasMetadata(PATH_METADATA, controller)) continue;
      const prototype = controller.prototype as Readonly<Record<string, unknown>>;
      for (const method of Object.getOwnPropertyNames(prototype)) {
        const handler = method === 'constructor' ? undefined : prototype[method];
        if (typeof handler !== 'function' || !Reflect.hasMetadata(PATH_METADATA, handler)) continue;
        const verb = Reflect.getMetadata(METHOD_METADATA, handler) as RequestMethod;
        routes.push({
          name: `${className}.${method}`,
          method: RequestMethod[verb] ?? 'GET',
          operation: operationOf(handler),
        });
      }
    }
  }
  return routes;
}

let routes: readonly Route[];
beforeAll(async () => {
  routes = await routesOf();
});

describe('the routes', () => {
  it('are found', () => {
    expect(routes.length).toBeGreaterThan(40);
  });

  it('each have an operation of the table', () => {
    const without = routes.filter(({ operation }) => operation === undefined || !Object.hasOwn(POLICY, operation.name));
    expect(without.map(({ name }) => name)).toEqual([]);
  });

  it('use every operation of the table', () => {
    const used = new Set<string>(routes.flatMap(({ operation }) => operation?.name ?? []));
    expect(Object.keys(POLICY).filter((name) => !used.has(name))).toEqual([]);
  });

  it('that change something are open to nobody, but for checking and signing in', () => {
    const open = routes.filter(
      ({ method, operation }) => method !== 'GET' && operation !== undefined && isAllowed(operation.name, 'anyone'),
    );
    expect(open.map(({ operation }) => operation?.name).sort()).toEqual([
      'session.close',
      'session.open',
      'verification.verify',
    ]);
  });
});

describe('the table', () => {
  it('allows the operator whatever it allows anyone', () => {
    for (const name of Object.keys(POLICY)) expect([name, isAllowed(name, 'operator')]).toEqual([name, true]);
  });

  it.each(['', 'credential.forge', 'toString', '__proto__', 'constructor'])('allows nobody %j', (name) => {
    expect([isAllowed(name, 'anyone'), isAllowed(name, 'operator')]).toEqual([false, false]);
  });
});
