/** Receipts as devices send them. Only code that answers such requests imports this file. */

import * as z from 'zod';
import { receiptKinds } from '../receipt.ts';
import { installationId } from './registration.ts';
import { timeInMs } from './time.ts';

/** Receipts of a call: what a device has kept while it was offline. */
const MAX_RECEIPTS = 50;

export const receiptsSchema = z
  .strictObject({
    receipts: z
      .array(
        z.strictObject({
          installationId,
          campaignId: z
            .string()
            .regex(/^[A-Za-z0-9][\w.-]{0,99}$/, { message: 'must be the id of a campaign' })
            .meta({ description: '`c` of the key `volley` in the push.' }),
          kind: z.enum(receiptKinds),
          at: timeInMs.meta({
            description:
              'When it happened, by the clock of the device. The future becomes now, and a time before ' +
              'the campaign its begin.',
          }),
        }),
      )
      .min(1)
      .max(MAX_RECEIPTS),
  })
  .meta({ id: 'Receipts' });
