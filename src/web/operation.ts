/**
 * `@Operation` names a route's entry in the policy table and says what it takes: one schema validates the input, makes
 * its type and its OpenAPI description. `@Input('body')` hands the validated value to the handler.
 */
import { createParamDecorator, SetMetadata, type ExecutionContext } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { z } from 'zod';
import { InputError, InvariantError, type InputIssue } from '../errors.js';
import { languageOf, type Language } from './language.js';
import type { OperationName } from './policy.js';
import { inputText } from './problem-texts.js';

export const OPERATION_METADATA = 'meritkedja:operation';

export type InputPart = 'body' | 'query' | 'params';

export interface OperationDescription {
  readonly name: OperationName;
  /** One sentence for the OpenAPI description. */
  readonly summary: string;
  readonly body?: z.ZodType;
  /** Media types besides JSON that the body may be of, as they are. */
  readonly alsoTakes?: readonly string[];
  readonly query?: z.ZodType;
  readonly params?: z.ZodType;
  /** Successful status; 200 unless said otherwise. */
  readonly status?: number;
  /** Media type and schema of the answer. */
  readonly answer?: { readonly type?: string; readonly schema?: z.ZodType; readonly description: string };
  /** Pages stay out of the OpenAPI description. */
  readonly page?: true;
}

export function Operation(description: OperationDescription): MethodDecorator {
  return SetMetadata(OPERATION_METADATA, description);
}

/** What `@Operation` said of a handler, or undefined. */
export function operationOf(handler: object): OperationDescription | undefined {
  return Reflect.getMetadata(OPERATION_METADATA, handler) as OperationDescription | undefined;
}

/** The validated part of the request. @throws InputError naming every member that does not fit */
export const Input = createParamDecorator((part: InputPart, context: ExecutionContext): unknown => {
  const request = context.switchToHttp().getRequest<FastifyRequest>();
  const schema = operationOf(context.getHandler())?.[part];
  if (!schema)
    throw new InvariantError(`${context.getHandler().name} takes ${part} but its operation has no schema for it`);
  // A request without a body gives nothing: what is optional may be left out, what is missing is named.
  return validated(schema, request[part] ?? {}, languageOf(request.headers['accept-language']));
});

/**
 * Checks a value against a schema.
 * @throws InputError with a path, a stable code and a message in the language asked for
 */
export function validated<Schema extends z.ZodType>(
  schema: Schema,
  value: unknown,
  language: Language,
): z.output<Schema> {
  const result = schema.safeParse(value, { error: LOCALE_ERRORS[language] });
  if (result.success) return result.data;
  throw new InputError(result.error.issues.flatMap((issue) => issuesOf(issue, language)));
}

const LOCALE_ERRORS = {
  sv: z.locales.sv().localeError,
  en: z.locales.en().localeError,
};

function issuesOf(issue: z.core.$ZodIssue, language: Language): readonly InputIssue[] {
  const path = issue.path.map(String).join('.');
  if (issue.code === 'unrecognized_keys') {
    // One issue a member, so that each can be found and removed.
    return issue.keys.map((key) => ({
      path: path === '' ? key : `${path}.${key}`,
      code: 'unknownMember',
      message: issue.message,
    }));
  }
  const custom = issue.code === 'custom' ? (issue.params as { code?: unknown } | undefined)?.code : undefined;
  if (typeof custom !== 'string') return [{ path, code: issue.code, message: issue.message }];
  return [{ path, code: custom, message: inputText(custom, language) ?? issue.message }];
}
