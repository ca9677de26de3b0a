/** Time zones in requests, kept as IANA's current name of each. */

import * as z from 'zod';
import { timeZoneOf } from '../canonical/timezone.ts';

export const zone = z
  .string()
  .max(64)
  .refine((it) => timeZoneOf(it) !== null, {
    message: 'must be a zone such as Europe/Berlin or UTC',
  })
  .transform((it) => timeZoneOf(it) ?? it);
