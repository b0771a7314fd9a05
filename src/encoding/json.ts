/** JSON values as TypeScript sees them; what may stand in an event, a credential or a bundle. */
export type JsonPrimitive = string | number | boolean | null;
export type Json = JsonPrimitive | JsonObject | readonly Json[];
export interface JsonObject {
  readonly [key: string]: Json | undefined;
}

/** True for a plain JSON object (not null, not an array). */
export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
