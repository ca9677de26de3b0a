/** The content of a message, which may differ by language. */

import * as z from 'zod';
import { withoutReceiptKey } from './message-text.ts';

/** The largest payload of all: APNs takes 5,120 bytes for VoIP, 4,096 otherwise, and so does FCM. */
const MAX_VALUE = 5120;
/** Entries of `data`: more do not fit in a payload. */
const MAX_VALUES = 256;
const MAX_URL = 2048;

const httpsUrl = z.url({ protocol: /^https$/ }).max(MAX_URL);

/**
 * An address for the app. Any scheme but those whose addresses are programs or files: the text may come
 * from an inbound webhook, and apps open it in a web view.
 */
const appUrl = z
  .url({
    protocol: /^(?!(?:javascript|vbscript|data|blob|file)$)/,
    error: 'must be an address such as https://example.com/sale or shop://orders/7',
  })
  .max(MAX_URL);

export const words = {
  title: z.string().min(1).max(1024).optional(),
  subtitle: z
    .string()
    .min(1)
    .max(1024)
    .optional()
    .meta({ description: 'Between title and body on iPhones; Android and browsers have none.' }),
  body: z.string().min(1).max(4096).optional(),
  data: z
    .record(z.string().min(1).max(128), z.string().max(MAX_VALUE))
    .refine((it) => Object.keys(it).length <= MAX_VALUES, {
      message: `may have ${MAX_VALUES} entries at most`,
    })
    .refine((it) => !Object.hasOwn(it, 'aps'), {
      path: ['aps'],
      message: 'is a name that Apple has reserved',
    })
    .refine(...withoutReceiptKey)
    .optional(),
  imageUrl: httpsUrl.optional(),
  sound: z.string().min(1).max(128).optional(),
  link: appUrl.optional().meta({
    description:
      'What a tap opens. Apps find it in their data, under `link`; browsers open it by themselves, ' +
      'if it is https. It takes no variables: put what differs by recipient into data.',
  }),
  webLink: httpsUrl
    .optional()
    .meta({ description: 'Opened by a click on a web push, in place of link.' }),
};

export const localized = z.strictObject(words).meta({ id: 'LocalizedMessage' });
export type Words = z.output<typeof localized>;
