/** The OpenAPI 3.1 description, made from the routes themselves: what validates the input also describes it. */
import { Injectable, RequestMethod, type OnApplicationBootstrap } from '@nestjs/common';
import { METHOD_METADATA, PATH_METADATA } from '@nestjs/common/constants.js';
import { DiscoveryService, MetadataScanner } from '@nestjs/core';
import { z } from 'zod';
import type { Json, JsonObject } from '../encoding/json.js';
import { operationOf, type OperationDescription } from './operation.js';
import { POLICY } from './policy.js';
import { PROBLEM_MEDIA_TYPE } from './problem.js';

const PROBLEM_SCHEMA = {
  type: 'object',
  required: ['type', 'title', 'status', 'detail'],
  properties: {
    type: { type: 'string' },
    title: { type: 'string' },
    status: { type: 'integer' },
    detail: { type: 'string' },
    errors: {
      type: 'array',
      items: {
        type: 'object',
        required: ['path', 'code', 'message'],
        properties: { path: { type: 'string' }, code: { type: 'string' }, message: { type: 'string' } },
      },
    },
  },
} as const satisfies JsonObject;

@Injectable()
export class OpenApi implements OnApplicationBootstrap {
  #document: JsonObject = {};

  constructor(
    private readonly discovery: DiscoveryService,
    private readonly scanner: MetadataScanner,
  ) {}

  get document(): JsonObject {
    return this.#document;
  }

  onApplicationBootstrap(): void {
    const paths: Record<string, Record<string, Json>> = {};
    for (const { instance } of this.discovery.getControllers()) {
      const controller: unknown = instance;
      if (typeof controller !== 'object' || controller === null) continue;
      const prototype = Object.getPrototypeOf(controller) as object;
      const prefix = String(Reflect.getMetadata(PATH_METADATA, prototype.constructor) ?? '');
      for (const name of this.scanner.getAllMethodNames(prototype)) {
        const handler = (prototype as Record<string, unknown>)[name];
        if (typeof handler !== 'function') continue;
        const operation = operationOf(handler);
        const path: unknown = Reflect.getMetadata(PATH_METADATA, handler);
        const method: unknown = Reflect.getMetadata(METHOD_METADATA, handler);
        if (!operation || operation.page || typeof path !== 'string' || typeof method !== 'number') continue;
        const url = `/${[prefix, path]
          .flatMap((part) => part.split('/'))
          .filter(Boolean)
          .join('/')}`;
        const template = url.replace(/:(\w+)/g, '{$1}').replace('*', '{path}');
        const verb = (RequestMethod[method] ?? 'GET').toLowerCase();
        paths[template] = { ...paths[template], [verb]: describeOperation(operation, template) };
      }
    }
    this.#document = {
      openapi: '3.1.0',
      info: {
        title: 'Meritkedja',
        version: '1',
        description: 'A ledger for micro-credentials: define, issue, anchor, verify. Errors are RFC 9457 problems.',
        license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
      },
      paths: Object.fromEntries(Object.entries(paths).sort(([a], [b]) => (a < b ? -1 : 1))),
      components: {
        schemas: { Problem: PROBLEM_SCHEMA },
        securitySchemes: { token: { type: 'http', scheme: 'bearer' } },
      },
    };
  }
}

function describeOperation(operation: OperationDescription, template: string): JsonObject {
  const { answer, status = 200 } = operation;
  const type = answer?.type ?? 'application/json';
  return {
    operationId: `${operation.name}:${template}`,
    summary: operation.summary,
    parameters: parametersOf(operation, template),
    ...(operation.body
      ? {
          requestBody: {
            required: true,
            content: {
              'application/json': { schema: schemaOf(operation.body, 'input') },
              ...Object.fromEntries((operation.alsoTakes ?? []).map((media) => [media, { schema: {} }])),
            },
          },
        }
      : {}),
    responses: {
      [String(status)]: {
        description: answer?.description ?? 'Done.',
        ...(answer ? { content: { [type]: { schema: answer.schema ? schemaOf(answer.schema, 'output') : {} } } } : {}),
      },
      default: {
        description: 'A problem.',
        content: { [PROBLEM_MEDIA_TYPE]: { schema: { $ref: '#/components/schemas/Problem' } } },
      },
    },
    security: (POLICY[operation.name] as readonly string[]).includes('anyone') ? [] : [{ token: [] }],
  };
}

function parametersOf(operation: OperationDescription, template: string): readonly JsonObject[] {
  const inPath = [...template.matchAll(/\{(\w+)\}/g)].map(([, name = '']) => ({
    name,
    in: 'path',
    required: true,
    schema: propertyOf(operation.params, name),
  }));
  const query = operation.query ? schemaOf(operation.query, 'input') : {};
  const inQuery = Object.entries((query['properties'] ?? {}) as JsonObject).map(([name, schema]) => ({
    name,
    in: 'query',
    required: ((query['required'] ?? []) as readonly string[]).includes(name),
    schema: schema ?? {},
  }));
  return [...inPath, ...inQuery];
}

function propertyOf(schema: z.ZodType | undefined, name: string): Json {
  if (!schema) return { type: 'string' };
  return ((schemaOf(schema, 'input')['properties'] ?? {}) as JsonObject)[name] ?? { type: 'string' };
}

function schemaOf(schema: z.ZodType, io: 'input' | 'output'): JsonObject {
  const { $schema: _, ...json } = z.toJSONSchema(schema, { io, unrepresentable: 'any' });
  return json as JsonObject;
}
