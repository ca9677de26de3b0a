/**
 * What an app, or a row of an import, says of an installation. Only what answers such requests
 * imports this file, as with campaign-request.ts.
 */

import { z } from '@hono/zod-openapi';
import {
  defaultProvider,
  environments,
  isCountry,
  isTimeZone,
  languageOf,
  type Platform,
  type Provider,
  platforms,
  providers,
  tokenForm,
} from './installation.ts';

export const platform = z.enum(platforms);

/** Ids travel in paths, logs and packed chunks, so their characters are few. */
export const installationId = z
  .string()
  .min(1)
  .max(128)
  .regex(/^[\w.:-]+$/, { message: 'must be letters, digits and . _ : - only' });

/** A language of BCP 47 in its canonical spelling (pt-br is pt-BR, Java's iw is he). */
export const languageTag = z
  .string()
  .max(35)
  .refine((it) => languageOf(it) !== null, { message: 'is no language tag such as de or pt-BR' })
  .transform((it) => languageOf(it) ?? it);

/** A name of the time zone database: "Europe/Zurich". */
export const timeZone = z
  .string()
  .max(64)
  .refine(isTimeZone, { message: 'is no time zone such as Europe/Zurich' });

/** ISO 3166-1 alpha-2, in capitals. */
export const country = z
  .string()
  .refine(isCountry, { message: 'must be two letters such as CH' })
  .transform((it) => it.toUpperCase());

/** Thousands of installations are read at once with theirs. */
export const MAX_ATTRIBUTES = 100;

interface Named {
  platform: Platform;
  provider?: Provider | undefined;
  token: string;
}

const isApns = (it: Named) => (it.provider ?? defaultProvider(it.platform)) === 'apns';

/** What the checks across fields look at is valid, so that they speak beside the others' faults. */
function isNamed({ value }: { value: unknown }): boolean {
  const { platform: on, provider = 'apns', token } = (value ?? {}) as Partial<Named>;
  return (
    platforms.includes(on as Platform) &&
    providers.includes(provider) &&
    typeof token === 'string' &&
    tokenForm.test(token)
  );
}

/** What an app, or a row of an import, says of itself. */
export const registrationSchema = z
  .strictObject({
    app: z.string().min(1).max(64).default('default'),
    platform,
    provider: z
      .enum(providers)
      .optional()
      .openapi({ description: 'apns for ios, fcm for the others, unless named.' }),
    token: z
      .string()
      .min(1)
      .max(4096)
      .regex(tokenForm, { message: 'must be printable ASCII without spaces' }),
    environment: z.enum(environments).default('production'),
    language: languageTag.optional(),
    timeZone: timeZone.optional(),
    country: country.optional(),
    appVersion: z.string().min(1).max(64).optional(),
    userId: z.string().min(1).max(128).optional(),
    optedOut: z.boolean().optional().openapi({
      description: 'Kept, but never sent to. Without it what was said before still holds.',
    }),
    tags: z.array(z.string().min(1).max(128)).max(100).default([]),
    attributes: z
      .record(z.string().min(1).max(64), z.union([z.string().max(256), z.number(), z.boolean()]))
      .refine((it) => Object.keys(it).length <= MAX_ATTRIBUTES, {
        message: `must be ${MAX_ATTRIBUTES} at most`,
      })
      .default({}),
  })
  .refine((it) => !isApns(it) || it.platform === 'ios', {
    path: ['provider'],
    message: 'apns serves ios only',
    when: isNamed,
  })
  // APNs device tokens are hexadecimal; their length is not promised, 64 digits is the least seen
  .refine((it) => !isApns(it) || /^(?:[0-9a-f]{2}){32,100}$/i.test(it.token), {
    path: ['token'],
    message: 'an APNs token is 64 to 200 hexadecimal digits',
    when: isNamed,
  })
  // as the SDKs make them; nothing is promised, so neither is a length asked for
  .refine((it) => isApns(it) || /^[\w:-]+$/.test(it.token), {
    path: ['token'],
    message: 'an FCM token is letters, digits and - _ : only',
    when: isNamed,
  })
  .openapi('Registration');
export type Registration = z.output<typeof registrationSchema>;
