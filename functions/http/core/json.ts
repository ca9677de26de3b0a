/** JSON answers as the OpenAPI document describes them: one record, or a page of them. */

import { z } from '@hono/zod-openapi';

export const json = (description: string, schema: z.ZodType) => ({
  description,
  content: { 'application/json': { schema } },
});

/** What a list takes. `after` is as long as its longest cursor may be. */
export const pageQuery = (longest: number) =>
  z.strictObject({
    limit: z.coerce.number().int().min(1).max(100).default(20),
    after: z.string().max(longest).optional(),
  });

/** How a client knows the end of a list. */
export const PAGE =
  'A page; `next` is the `after` of the page that follows. Only `null` there is the end of the list: ' +
  'a page may be short, or empty, and others follow.';

export const pageOf = (schema: z.ZodType) =>
  json(PAGE, z.object({ items: z.array(schema), next: z.string().nullable() }));
