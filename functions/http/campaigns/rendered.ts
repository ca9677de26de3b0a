/** A push as a provider is sent it, in answers. */

import * as z from 'zod';
import type { Rendered } from '../../ports/ports.ts';

export const renderedFields = {
  headers: z.record(z.string(), z.union([z.string(), z.number()])),
  payload: z.record(z.string(), z.unknown()),
  bytes: z.int().meta({ description: 'As the provider counts them.' }),
  mostBytes: z.int(),
};

export const faultSchema = z.object({ path: z.string(), message: z.string() });

export const renderedView = (it: Rendered) => ({
  headers: it.headers,
  payload: JSON.parse(it.payload) as Record<string, unknown>,
  bytes: it.bytes,
  mostBytes: it.mostBytes,
});
