/** The policy of an app. Only code that answers requests imports this file, as with campaign.ts. */

import * as z from 'zod';
import { type AppPolicy, defaultPolicy } from '../app-policy.ts';

/** A share has this many decimals at most: it is in each push where it is not the usual one. */
const MAX_DECIMALS = 4;

/** What is left out is as it is for an app without a policy. */
export const appPolicySchema = z
  .strictObject({
    receipts: z
      .strictObject({
        enabled: z.boolean().default(defaultPolicy.receipts.enabled).meta({
          description:
            'False: pushes have no key `volley` and no default analytics label, and receipts are dropped.',
        }),
        delivered: z
          .number()
          .min(0)
          .max(1)
          .refine((it) => Number(it.toFixed(MAX_DECIMALS)) === it, {
            message: `must have ${MAX_DECIMALS} decimals at most`,
          })
          .default(defaultPolicy.receipts.delivered)
          .meta({
            description:
              'The share of devices, from 0 to 1, that report `delivered`. Each report costs a write.',
          }),
      })
      .prefault({}),
  })
  .meta({ id: 'AppPolicy' });
appPolicySchema satisfies z.ZodType<AppPolicy>;
