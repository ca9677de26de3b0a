/** The policy of an app. Only code that answers requests imports this file, as with campaign.ts. */

import * as z from 'zod';
import { type AppPolicy, type Cap, defaultPolicy, windowOf } from '../app-policy.ts';
import { DAY_MS } from '../timing.ts';
import { category } from './registration.ts';
import { zone } from './zone.ts';

/** A share has this many decimals at most: it is in each push where it is not the usual one. */
const MAX_DECIMALS = 4;

const MAX_CAPS = 3;
const MAX_EXEMPT = 20;
/** Each push that counts takes four bytes of a device, for as long as the longest window. */
const MOST_OF_CAP = 20;
const MOST_WINDOW_DAYS = 30;

export const capSchema = z.strictObject({
  max: z.int().min(1).max(MOST_OF_CAP),
  per: z
    .string()
    .regex(/^[1-9]\d{0,2}[hd]$/, { message: 'must be hours or days, as 24h or 7d', abort: true })
    .refine((per) => windowOf({ per }) <= MOST_WINDOW_DAYS * DAY_MS, {
      message: `must be ${MOST_WINDOW_DAYS}d at most`,
    })
    .meta({ example: '24h' }),
});

const timeOfDay = z
  .string()
  .regex(/^(?:[01]\d|2[0-3]):[0-5]\d$/, { message: 'must be a time of the day such as 22:00' });

const quietSchema = z
  .strictObject({ from: timeOfDay, to: timeOfDay })
  .refine(({ from, to }) => from !== to, {
    path: ['to'],
    message: 'must not be `from`: it would be quiet all day',
  })
  .meta({ id: 'QuietHours', example: { from: '22:00', to: '08:00' } });

/** One of two caps of the same time, or one that a shorter time makes useless, is a mistake. */
function checkTogether({ value: caps, issues }: z.core.ParsePayload<Cap[]>) {
  for (const [index, cap] of caps.entries())
    for (const other of caps.slice(0, index)) {
      const [short, long] = windowOf(cap) < windowOf(other) ? [cap, other] : [other, cap];
      const message =
        windowOf(short) === windowOf(long)
          ? `has the same time as another cap: ${other.per}`
          : short.max > long.max
            ? `${long.max} per ${long.per} and ${short.max} per ${short.per}: the longer time must allow as many`
            : null;
      if (message !== null) issues.push({ code: 'custom', path: [index], message, input: cap });
    }
}

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
    caps: z
      .array(capSchema)
      .max(MAX_CAPS)
      .check(checkTogether)
      .default(defaultPolicy.caps)
      .meta({
        description:
          'A device is a recipient of at most `max` campaigns of the app within any time of the length ' +
          '`per`; in others it is skipped.',
        example: [
          { max: 2, per: '24h' },
          { max: 5, per: '7d' },
        ],
      }),
    quiet: quietSchema
      .nullable()
      .default(defaultPolicy.quiet)
      .meta({
        description:
          'No campaign reaches a device between these times of its own clock: it waits for `to`. A campaign ' +
          'follows what is set when its recipients are read.',
      }),
    defaultZone: zone.default(defaultPolicy.defaultZone).meta({
      description: 'The time zone of devices that tell none.',
      example: 'Europe/Berlin',
    }),
    exempt: z
      .array(category)
      .max(MAX_EXEMPT)
      .transform((it) => [...new Set(it)].sort())
      .default(defaultPolicy.exempt)
      .meta({
        description:
          'Categories of messages that reach a device over its caps, do not count for them, and reach it in ' +
          'quiet hours.',
        example: ['security'],
      }),
  })
  .meta({ id: 'AppPolicy' });
appPolicySchema satisfies z.ZodType<AppPolicy>;
