/**
 * The registration of an installation by an app or a row of an import. Only code that answers such
 * requests imports this file, as with campaign.ts.
 */

import * as z from 'zod';
import { countryOf } from '../canonical/country.ts';
import { languageOf } from '../canonical/language-tag.ts';
import { timeZoneOf } from '../canonical/timezone.ts';
import { isTokenOf, tokenFault } from '../canonical/token.ts';
import { environments, type Platform, permissions, platforms, tokenForm } from '../platform.ts';
import {
  defaultProvider,
  type Provider,
  providers,
  serves,
  servesOnly,
} from '../provider/registry.ts';

export const platform = z.enum(platforms);
export const permission = z.enum(permissions);

/** Ids are part of paths, logs and packed chunks, so only few characters are allowed. */
export const installationId = z
  .string()
  .min(1)
  .max(128)
  .regex(/^[\w.:-]+$/, { message: 'must be letters, digits and . _ : - only' });

/** Becomes canonical (`languageOf`): pt_BR is pt-BR, Java's iw is he. */
export const languageTag = z
  .string()
  .max(35)
  .refine((it) => languageOf(it) !== null, { message: 'is no language tag such as de or pt-BR' })
  .transform((it) => languageOf(it) ?? it)
  .meta({
    description:
      'BCP 47, kept in its canonical form; the spellings of Java, Android, iOS and POSIX are read ' +
      '(`zh_TW_#Hant`, `iw`, `en_US`, `de_DE.UTF-8`).',
  });

/** A name of the time zone database, kept as its current name (`timeZoneOf`). */
export const timeZone = z
  .string()
  .max(64)
  .refine((it) => timeZoneOf(it) !== null, { message: 'is no time zone such as Europe/Zurich' })
  .transform((it) => timeZoneOf(it) ?? it)
  .meta({
    description:
      "A name of IANA's, kept as the current one: `Asia/Calcutta` and `asia/kolkata` are " +
      '`Asia/Kolkata`. `+02:00` is none.',
  });

/** ISO 3166-1 alpha-2, in capitals (`countryOf`). */
export const country = z
  .string()
  .refine((it) => countryOf(it) !== null, { message: 'must be two letters such as CH' })
  .transform((it) => countryOf(it) ?? it)
  .meta({ description: 'ISO 3166-1 alpha-2, kept in capitals; `UK` is `GB`.' });

/** Categories that an installation may have opted out of. */
const MAX_CATEGORIES = 20;

/** Lower case alone: of two spellings, an opt-out would be for one of them. */
export const category = z.string().regex(/^[a-z0-9][a-z0-9._-]{0,31}$/, {
  message: 'must be 1 to 32 lower-case letters, digits and - _ ., such as marketing',
});

/** Attributes of an installation: installations are read by the thousand, with their attributes. */
export const MAX_ATTRIBUTES = 100;

interface Served {
  platform: Platform;
  provider?: Provider | undefined;
}

interface Named extends Served {
  token: string;
}

const providerOf = (it: Served) => it.provider ?? defaultProvider(it.platform);

/**
 * Whether the fields are valid that the checks across fields read; they then run even if other fields
 * have faults.
 */
function isNamed({ value }: { value: unknown }): boolean {
  const { token } = (value ?? {}) as Partial<Named>;
  return isPlaced({ value }) && typeof token === 'string' && tokenForm.test(token);
}

function isPlaced({ value }: { value: unknown }): boolean {
  const { platform: on, provider = providers[0] } = (value ?? {}) as Partial<Served>;
  return platforms.includes(on as Platform) && providers.includes(provider);
}

/** With a fault at `provider` if that does not serve the platform. */
export const withServing = <T extends z.ZodType<Served>>(schema: T) =>
  schema.refine((it) => serves(providerOf(it), it.platform), {
    path: ['provider'],
    error: ({ input }) => servesOnly(providerOf(input as Served)),
    when: isPlaced,
  });

export const registrationSchema = withServing(
  z.strictObject({
    app: z.string().min(1).max(64).default('default'),
    platform,
    provider: z
      .enum(providers)
      .optional()
      .meta({ description: 'apns for ios, fcm for the others, unless named.' }),
    token: z
      .string()
      .min(1)
      .max(4096)
      .regex(tokenForm, { message: 'must be printable ASCII without spaces' })
      .meta({ description: "APNs's is kept in lower case; FCM's as it is." }),
    environment: z.enum(environments).default('production'),
    language: languageTag.optional(),
    timeZone: timeZone.optional(),
    country: country.optional(),
    appVersion: z.string().min(1).max(64).optional(),
    userId: z.string().min(1).max(128).optional(),
    optedOut: z.boolean().optional().meta({
      description:
        'True: the installation is kept, but never sent to. Left out: the stored value is kept.',
    }),
    optedOutOf: z
      .array(category)
      .max(MAX_CATEGORIES)
      .transform((it) => [...new Set(it)].sort())
      .optional()
      .meta({
        description:
          'Categories of messages that it is not sent, such as `marketing`; [] for none. Left out: the ' +
          'stored ones are kept.',
      }),
    permission: permission.optional().meta({
      description:
        'Whether the system lets the app show notifications. denied: nothing is shown, also before ' +
        'people were asked; pushes are sent nevertheless, and counted. provisional: shown quietly ' +
        '(iOS). Left out: not known.',
    }),
    tags: z.array(z.string().min(1).max(128)).max(100).default([]),
    attributes: z
      .record(z.string().min(1).max(64), z.union([z.string().max(256), z.number(), z.boolean()]))
      .refine((it) => Object.keys(it).length <= MAX_ATTRIBUTES, {
        message: `must be ${MAX_ATTRIBUTES} at most`,
      })
      .default({}),
  }),
)
  .refine((it) => isTokenOf(providerOf(it), it.token), {
    path: ['token'],
    error: ({ input }) => tokenFault(providerOf(input as Named), (input as Named).token),
    when: isNamed,
  })
  .meta({ id: 'Registration' });
export type Registration = z.output<typeof registrationSchema>;
