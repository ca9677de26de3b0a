/**
 * What an app, or a row of an import, says of an installation. Only what answers such requests
 * imports this file, as with campaign-request.ts.
 */

import { z } from '@hono/zod-openapi';
import {
  defaultProvider,
  environments,
  type Platform,
  type Provider,
  platforms,
  providers,
} from './installation.ts';

export const platform = z.enum(platforms);

/** Ids travel in paths, logs and packed chunks, so their characters are few. */
export const installationId = z
  .string()
  .min(1)
  .max(128)
  .regex(/^[\w.:-]+$/, { message: 'must be letters, digits and . _ : - only' });

const tokenForm = /^[\x21-\x7e]+$/;

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
    language: z.string().min(2).max(35).optional(),
    timeZone: z.string().min(1).max(64).optional(),
    userId: z.string().min(1).max(128).optional(),
    tags: z.array(z.string().min(1).max(128)).max(100).default([]),
    attributes: z
      .record(z.string().min(1).max(64), z.union([z.string().max(256), z.number(), z.boolean()]))
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
  .openapi('Registration');
export type Registration = z.output<typeof registrationSchema>;
