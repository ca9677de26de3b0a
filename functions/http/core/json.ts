/** Describes JSON answers for the OpenAPI document: one record, or a page of them. */

import * as z from 'zod';

/**
 * What a view `satisfies`: each field of its schema, and no other. So a new field of a stored record is
 * shown only once its schema and its view name it.
 */
export type FieldsOf<S extends z.ZodObject> = Record<keyof S['shape'], unknown>;

export const json = (description: string, schema: z.ZodType) => ({
  description,
  content: { 'application/json': { schema } },
});

/** The query of a list. `longest`: the length of its longest cursor, in characters. */
export const pageQuery = (longest: number) =>
  z.strictObject({
    limit: z.coerce.number().int().min(1).max(100).default(20),
    after: z.string().max(longest).optional(),
  });

/** How a client finds the end of a list. */
export const PAGE =
  'A page; `next` is the `after` of the page that follows. Only `null` there is the end of the list: ' +
  'a page may be short, or empty, and others follow.';

export const pageOf = (schema: z.ZodType) =>
  json(PAGE, z.object({ items: z.array(schema), next: z.string().nullable() }));
