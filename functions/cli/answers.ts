/**
 * The shapes of the API's answers: the fields that the command line uses, checked before it does.
 * The API may add fields at any time.
 */

import { z } from 'zod';
import type { FailureView } from '../http/campaigns/report-view.ts';
import type { Shape } from './answer.ts';

/** An object with at least these fields of `T`. */
const object = <T>(fields: { [K in keyof T]?: z.ZodType }) =>
  z.looseObject(fields as z.ZodRawShape) as unknown as Shape<T>;

const text = z.string();

export const failure = object<FailureView>({
  at: text,
  provider: text,
  outcome: text,
  reason: text,
  installationId: text,
  token: text,
});
