/** The call by which devices report what happened to a push. */

import * as z from 'zod';
import { receiptsSchema } from '../model/schemas/receipts.ts';
import { takeReceipts } from '../pipeline/inbound/receipts.ts';
import type { Ports } from '../ports/ports.ts';
import { narrowKeyOf, type RegistrationLimit } from './auth/registration-key.ts';
import { call } from './core/call.ts';
import { json } from './core/json.ts';

/** The largest body: 50 receipts with the longest ids are half of it. */
const MAX_BYTES = 32 * 1024;

const takenSchema = z
  .object({
    counted: z.int().meta({ description: 'New ones.' }),
    known: z.int().meta({ description: 'Counted before; a repeat changes nothing.' }),
    dropped: z.int().meta({
      description:
        'Not counted, and not worth another try: the campaign or the installation is unknown, of another ' +
        'app, or past its retention; the app has switched receipts off; or the device is not in the ' +
        'sample that reports `delivered`.',
    }),
  })
  .meta({ id: 'ReceiptsTaken' });
export type ReceiptsTaken = z.output<typeof takenSchema>;

export const receiptsCall = (ports: Ports, { admit, charge }: RegistrationLimit) =>
  call({
    method: 'post',
    path: '/v1/receipts',
    operationId: 'sendReceipts',
    summary: 'Report what happened to pushes on devices',
    description:
      'Each installation is counted once for a campaign and a kind, however often and in whichever order ' +
      'its receipts come. Receipts are claims of devices: they are counted beside the ledger, and change ' +
      'nothing else. A registration key reports for its app, up to 2,000 receipts a second, and 50 from ' +
      'one address.',
    scopes: ['installations', 'register'],
    admit,
    maxBytes: MAX_BYTES,
    takes: { body: receiptsSchema },
    responses: { 202: json('What became of them; what is counted is stored.', takenSchema) },
    async handle({ body: { receipts } }, c) {
      const refusal = charge(c, receipts.length - 1);
      if (refusal) return refusal;
      const taken = await takeReceipts(ports, receipts, narrowKeyOf(c)?.app ?? null);
      const { counted, known, dropped } = taken;
      return c.json({ counted, known, dropped } satisfies ReceiptsTaken, 202);
    },
  });
