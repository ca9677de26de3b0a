/** Changes an installation: fields that are sent replace the stored ones, null removes one. */

import * as z from 'zod';
import type { Fault } from '../../lib/errors.ts';
import { validate } from '../../lib/faults.ts';
import { type Installation, installation } from '../../model/installation.ts';
import { registrationSchema } from '../../model/schemas/registration.ts';

const { shape } = registrationSchema;

const scalar = z.union([z.string().max(256), z.number(), z.boolean()]);

/** A JSON merge patch (RFC 7396) of an installation and its attributes. */
export const changeSchema = z
  .strictObject({
    platform: shape.platform.optional(),
    provider: shape.provider,
    token: shape.token.optional(),
    environment: shape.environment.unwrap().optional(),
    language: shape.language.nullable(),
    timeZone: shape.timeZone.nullable(),
    country: shape.country.nullable(),
    appVersion: shape.appVersion.nullable(),
    userId: shape.userId.nullable(),
    optedOut: shape.optedOut,
    optedOutOf: shape.optedOutOf,
    permission: shape.permission.nullable(),
    tags: shape.tags.unwrap().optional(),
    attributes: z.record(z.string().min(1).max(64), scalar.nullable()).optional().meta({
      description: 'Those that are sent are changed, or removed by null; others stay.',
    }),
  })
  .meta({ id: 'RegistrationChange' });
type Change = z.output<typeof changeSchema>;

/** The changed installation would not be a valid registration. */
export class Contradiction extends Error {
  readonly faults: Fault[];
  constructor(faults: Fault[]) {
    super('the change contradicts what is there');
    this.faults = faults;
  }
}

/** The changed installation. Throws `Contradiction` if the change does not fit the stored fields. */
export function changed(it: Installation, change: Change, now: number): Installation {
  const { id, bucket: _, refreshedAt: __, movedAt: ___, provider, ...before } = it;
  const { attributes, ...others } = change;
  const after = Object.fromEntries(
    Object.entries({
      ...before,
      // another platform gets its usual provider, unless one is sent
      ...(others.platform === undefined && { provider }),
      ...others,
      attributes: merged(before.attributes, attributes ?? {}),
    }).filter(([, value]) => value !== null && value !== undefined),
  );
  const whole = validate(registrationSchema, after);
  if ('faults' in whole) throw new Contradiction(whole.faults);
  const { optedOut, optedOutOf = [], ...rest } = installation(id, whole.value, now);
  return {
    ...rest,
    ...(optedOut && { optedOut }),
    ...(optedOutOf.length > 0 && { optedOutOf }),
  };
}

const merged = (before: Installation['attributes'], change: NonNullable<Change['attributes']>) =>
  Object.fromEntries(
    Object.entries({ ...before, ...change }).filter(
      (it): it is [string, string | number | boolean] => it[1] !== null,
    ),
  );
