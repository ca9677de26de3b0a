/** A row of an import: an installation, or what is wrong with it. */

import { z } from '@hono/zod-openapi';
import { faultsOf } from '../../errors.ts';
import { countryOf } from '../../pipeline/canonical/country.ts';
import { languageOf } from '../../pipeline/canonical/language-tag.ts';
import { timeZoneOf } from '../../pipeline/canonical/timezone.ts';
import { isApnsToken, tokenOf } from '../../pipeline/canonical/token.ts';
import {
  bucketOf,
  type Environment,
  environments,
  installation,
  type Platform,
  type Provider,
  platforms,
  providers,
} from '../../pipeline/installation.ts';
import { installationId, MAX_ATTRIBUTES, registrationSchema } from '../../pipeline/registration.ts';
import type { ImportedInstallation } from '../../ports.ts';

/** Clocks differ. */
const AHEAD_MS = 5 * 60 * 1000;

const refreshedAt = z.iso.datetime({ offset: true }).transform((it) => Date.parse(it));

/** What a row may say, in CSV the names of its columns. */
export const rowFields = ['id', ...Object.keys(registrationSchema.shape), 'refreshedAt'];

/** The installation, or its faults in one line. */
export function readRow(
  value: Record<string, unknown>,
  app: string | undefined,
  now: number,
): ImportedInstallation | string {
  return quickRow(value, app, now) ?? carefulRow(value, app, now);
}

/** As the schema says, with words for each fault. */
export function carefulRow(
  { id, refreshedAt: seen, ...value }: Record<string, unknown>,
  app: string | undefined,
  now: number,
): ImportedInstallation | string {
  const checkedId = installationId.safeParse(id);
  const checkedSeen = refreshedAt
    .refine((it) => it <= now + AHEAD_MS, { message: 'is in the future' })
    .optional()
    .safeParse(seen);
  const registration = registrationSchema.safeParse(app === undefined ? value : { app, ...value });
  if (checkedId.success && checkedSeen.success && registration.success) {
    const { data } = registration;
    if (app !== undefined && data.app !== app)
      return `app: is "${data.app}", but the file was sent for "${app}"`;
    return { ...installation(checkedId.data, data, now), refreshedAt: checkedSeen.data ?? null };
  }
  const faults = [
    ...(checkedId.success ? [] : faultsOf(checkedId.error, ['id'])),
    ...(registration.success ? [] : faultsOf(registration.error)),
    ...(checkedSeen.success ? [] : faultsOf(checkedSeen.error, ['refreshedAt'])),
  ];
  return faults.map(({ path, message }) => `${path}: ${message}`).join('; ');
}

const ID = /^[\w.:-]{1,128}$/;
const FCM = /^[\w:-]{1,4096}$/;
/** `z.iso.datetime` takes more: other zones, and 29 February of some years. */
const DAY =
  '(?:0[13578]|1[02])-(?:0[1-9]|[12]\\d|3[01])|(?:0[469]|11)-(?:0[1-9]|[12]\\d|30)|02-(?:0[1-9]|1\\d|2[0-8])';
const UTC = new RegExp(`^\\d{4}-(?:${DAY})T(?:[01]\\d|2[0-3]):[0-5]\\d:[0-5]\\d(?:\\.\\d{1,9})?Z$`);

const isText = (it: unknown, max: number): it is string =>
  typeof it === 'string' && it.length > 0 && it.length <= max;

/**
 * The same for a row that has nothing wrong with it; null if that is not sure. Seven times as fast as
 * the schema, which takes half of an import's time; a test compares the two.
 */
export function quickRow(
  value: Record<string, unknown>,
  app: string | undefined,
  now: number,
): ImportedInstallation | null {
  const { id, token, platform } = value;
  if (typeof id !== 'string' || !ID.test(id) || typeof token !== 'string') return null;
  if (!platforms.includes(platform as Platform)) return null;
  const { provider = platform === 'ios' ? 'apns' : 'fcm', environment = 'production' } = value;
  if (!providers.includes(provider as Provider)) return null;
  if (!environments.includes(environment as Environment)) return null;
  if (provider === 'apns' ? platform !== 'ios' || !isApnsToken(token) : !FCM.test(token))
    return null;
  // all of them in one order: objects of one shape are what an engine is fast with
  const row: ImportedInstallation = {
    id,
    app: app ?? 'default',
    platform: platform as Platform,
    provider: provider as Provider,
    token: tokenOf(provider as Provider, token),
    environment: environment as Environment,
    language: undefined,
    timeZone: undefined,
    country: undefined,
    appVersion: undefined,
    userId: undefined,
    optedOut: undefined,
    tags: [],
    attributes: {},
    bucket: bucketOf(id),
    refreshedAt: null,
  };
  for (const name in value) {
    const it = value[name];
    switch (name) {
      case 'id':
      case 'token':
      case 'platform':
      case 'provider':
      case 'environment':
        break;
      case 'app':
        if (!isText(it, 64) || (app !== undefined && it !== app)) return null;
        row.app = it;
        break;
      case 'language': {
        const language = typeof it === 'string' && it.length <= 35 ? languageOf(it) : null;
        if (language === null) return null;
        row.language = language;
        break;
      }
      case 'timeZone': {
        const zone = isText(it, 64) ? timeZoneOf(it) : null;
        if (zone === null) return null;
        row.timeZone = zone;
        break;
      }
      case 'country': {
        const country = isText(it, 2) ? countryOf(it) : null;
        if (country === null) return null;
        row.country = country;
        break;
      }
      case 'appVersion':
        if (!isText(it, 64)) return null;
        row.appVersion = it;
        break;
      case 'userId':
        if (!isText(it, 128)) return null;
        row.userId = it;
        break;
      case 'optedOut':
        if (typeof it !== 'boolean') return null;
        row.optedOut = it;
        break;
      case 'tags':
        if (!Array.isArray(it) || it.length > 100) return null;
        for (const tag of it) if (!isText(tag, 128)) return null;
        row.tags = it;
        break;
      case 'attributes':
        if (!areAttributes(it)) return null;
        row.attributes = it;
        break;
      case 'refreshedAt':
        if (typeof it !== 'string' || !UTC.test(it)) return null;
        row.refreshedAt = Date.parse(it);
        if (!(row.refreshedAt <= now + AHEAD_MS)) return null;
        break;
      default:
        return null;
    }
  }
  return row;
}

function areAttributes(it: unknown): it is Record<string, string | number | boolean> {
  if (typeof it !== 'object' || it === null || Array.isArray(it)) return false;
  let left = MAX_ATTRIBUTES;
  for (const name in it) {
    if (left-- === 0 || name.length === 0 || name.length > 64 || name === '__proto__') return false;
    const value = (it as Record<string, unknown>)[name];
    if (typeof value === 'string' ? value.length > 256 : !isScalar(value)) return false;
  }
  return true;
}

const isScalar = (it: unknown) => typeof it === 'boolean' || Number.isFinite(it);
