/** For specs of schemas only: what is wrong with an input, in a form that can be read at a glance. */
import type { z } from 'zod';

/** `path code` of each issue; a refinement's code is the one in its `params`, an unknown member stands in the path. */
export function faultsOf(schema: z.ZodType, input: unknown): string[] {
  const { error } = schema.safeParse(input);
  return (error?.issues ?? []).map((issue) => {
    const code = issue.code === 'custom' ? String(issue.params?.['code']) : issue.code;
    const names = issue.code === 'unrecognized_keys' ? issue.keys : [];
    return `${[...issue.path, ...names].join('.')} ${code}`;
  });
}
