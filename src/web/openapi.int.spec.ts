/** The OpenAPI description of every route (OpenAPI 3.1.0; schemas by JSON Schema 2020-12). */
import { NestFactory } from '@nestjs/core';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { AppModule } from '../app.module.js';
import type { Ledger } from '../ledger.js';
import { OpenApi } from './openapi.js';

interface Described {
  readonly operationId: string;
  readonly summary: string;
  readonly parameters: readonly { name: string; in: string; required: boolean; schema: object }[];
  readonly requestBody?: { content: Record<string, { schema: object }> };
  readonly responses: Record<string, { description: string; content?: Record<string, { schema: object }> }>;
  readonly security: readonly Record<string, string[]>[];
}
interface Document {
  readonly openapi: string;
  readonly info: { title: string; version: string };
  readonly paths: Record<string, Record<string, Described>>;
  readonly components: { schemas: Record<string, object>; securitySchemes: Record<string, object> };
}

let close: () => Promise<void>;
let document: Document;
let operations: { path: string; verb: string; operation: Described }[];
beforeAll(async () => {
  const ledger = {
    adminToken: 'a-token-for-this-test',
    publicUrl: 'http://ledger.example',
    readModels: {},
  } as unknown as Ledger;
  const app = await NestFactory.createApplicationContext(AppModule.over(ledger), {
    logger: false,
    abortOnError: false,
  });
  close = () => app.close();
  document = JSON.parse(JSON.stringify(app.get(OpenApi).document)) as Document;
  operations = Object.entries(document.paths).flatMap(([path, verbs]) =>
    Object.entries(verbs).map(([verb, operation]) => ({ path, verb, operation })),
  );
});
afterAll(() => close());

describe('the description', () => {
  it('is OpenAPI 3.1 with the contract’s routes', () => {
    expect(document.openapi).toMatch(/^3\.1\./);
    expect(document.info).toMatchObject({ title: expect.any(String), version: expect.any(String) });
    const routes = operations.map(({ verb, path }) => `${verb} ${path}`);
    for (const route of [
      'post /api/v1/credentials',
      'get /api/v1/credentials/{id}/proof',
      'post /api/v1/organisations/{id}/keys/{kid}/revoke',
      'get /log/checkpoint',
      'get /status/{listId}',
    ]) {
      expect(routes.map((one) => one.replace(/\{\w+\}/g, '{}'))).toContain(route.replace(/\{\w+\}/g, '{}'));
    }
  });

  it('names every operation once', () => {
    const ids = operations.map(({ operation }) => operation.operationId);
    expect(ids.filter((id, i) => ids.indexOf(id) !== i)).toEqual([]);
  });

  it('describes every parameter of every path, and no other as one of the path', () => {
    for (const { path, operation } of operations) {
      const named = operation.parameters.filter((one) => one.in === 'path');
      expect([path, named.map(({ name }) => name)]).toEqual([
        path,
        [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name),
      ]);
      expect(named.every(({ required }) => required)).toBe(true);
      const keys = operation.parameters.map((one) => `${one.in} ${one.name}`);
      expect(new Set(keys).size).toBe(keys.length);
    }
  });

  it('has only references that lead somewhere', () => {
    const references = [...JSON.stringify(document).matchAll(/"\$ref":"([^"]+)"/g)].map(([, ref = '']) => ref);
    for (const reference of references) {
      expect(reference).toMatch(/^#\//);
      const found = reference
        .slice(2)
        .split('/')
        .reduce<unknown>((at, part) => (at as Record<string, unknown> | undefined)?.[part], document);
      expect([reference, typeof found]).toEqual([reference, 'object']);
    }
    for (const { operation } of operations) {
      for (const scheme of operation.security.flatMap((one) => Object.keys(one))) {
        expect(document.components.securitySchemes).toHaveProperty(scheme);
      }
    }
  });

  it('has only valid JSON Schemas', () => {
    const ajv = new Ajv2020({ strict: false, validateFormats: false });
    const schemas = operations.flatMap(({ path, verb, operation }) => [
      ...operation.parameters.map(({ name, schema }) => ({ of: `${verb} ${path} ${name}`, schema })),
      ...Object.values(operation.requestBody?.content ?? {}).map(({ schema }) => ({ of: `${verb} ${path}`, schema })),
      ...Object.values(operation.responses).flatMap(({ content = {} }) =>
        Object.values(content).map(({ schema }) => ({ of: `${verb} ${path}`, schema })),
      ),
    ]);
    for (const { of, schema } of schemas) {
      expect([of, ajv.validateSchema(schema), ajv.errors]).toEqual([of, true, null]);
      // Compiled too: what names a pattern must be one.
      if (!('$ref' in schema)) ajv.compile(schema);
    }
    expect(schemas.length).toBeGreaterThan(operations.length);
  });

  it('says of each operation what it answers, what its problems are, and who may', () => {
    for (const { operation } of operations) {
      expect(operation.summary).toMatch(/\w{4,}.*\.$/);
      expect(Object.keys(operation.responses).some((status) => /^2\d\d$/.test(status))).toBe(true);
      expect(operation.responses['default']?.content).toHaveProperty('application/problem+json');
    }
    expect(document.paths['/api/v1/credentials']?.['post']?.security).toEqual([{ token: [] }]);
    expect(document.paths['/log/checkpoint']?.['get']?.security).toEqual([]);
  });
});
