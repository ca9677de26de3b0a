/** A change of an installation: what is named is changed, null takes it out, the rest stays. */

import { z } from '@hono/zod-openapi';
import type { Fault } from '../../lib/errors.ts';
import { validate } from '../../lib/faults.ts';
import { type Installation, installation } from '../../model/installation.ts';
import { registrationSchema } from '../../model/schemas/registration.ts';

const { shape } = registrationSchema;

const scalar = z.union([z.string().max(256), z.number(), z.boolean()]);

/** https://www.rfc-editor.org/rfc/rfc7396 for one object and its attributes. */
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
    tags: shape.tags.unwrap().optional(),
    attributes: z
      .record(z.string().min(1).max(64), scalar.nullable())
      .optional()
      .openapi({ description: 'Those named are changed, or taken out by null; others stay.' }),
  })
  .openapi('RegistrationChange');
export type Change = z.output<typeof changeSchema>;

/** As a whole it would be no registration. */
export class Contradiction extends Error {
  readonly faults: Fault[];
  constructor(faults: Fault[]) {
    super('the change contradicts what is there');
    this.faults = faults;
  }
}

/** Throws a `Contradiction`: a change that is good may not fit what is there. */
export function changed(it: Installation, change: Change, now: number): Installation {
  const { id, bucket: _, refreshedAt: __, provider, ...before } = it;
  const { attributes, ...others } = change;
  const after = Object.fromEntries(
    Object.entries({
      ...before,
      // another platform has its own provider, unless one is named
      ...(others.platform === undefined && { provider }),
      ...others,
      attributes: merged(before.attributes, attributes ?? {}),
    }).filter(([, value]) => value !== null && value !== undefined),
  );
  const whole = validate(registrationSchema, after);
  if ('faults' in whole) throw new Contradiction(whole.faults);
  const { optedOut, ...rest } = installation(id, whole.value, now);
  return { ...rest, ...(optedOut && { optedOut }) };
}

const merged = (before: Installation['attributes'], change: NonNullable<Change['attributes']>) =>
  Object.fromEntries(
    Object.entries({ ...before, ...change }).filter(
      (it): it is [string, string | number | boolean] => it[1] !== null,
    ),
  );
