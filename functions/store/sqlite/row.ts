/** A row of the table `installations`. */

import type { Installation } from '../../model/installation.ts';
import type { Permission } from '../../model/platform.ts';
import type { Findable } from './lookups.ts';

export interface Row {
  app: string;
  bucket: number;
  id: string;
  platform: Installation['platform'];
  provider: Installation['provider'];
  environment: Installation['environment'];
  token: string;
  language: string | null;
  time_zone: string | null;
  user_id: string | null;
  /** JSON, as are the attributes */
  tags: string;
  attributes: string;
  refreshed_at: number;
  app_version: string | null;
  country: string | null;
  opted_out: 0 | 1;
  permission: Permission | null;
  /** JSON; null: none was ever told */
  opted_out_of: string | null;
  /** when its time zone changed last, ms; null: never */
  moved_at: number | null;
}

const isSome = (list: string | null): list is string => list !== null && list !== '[]';

/** The columns that `fromRow` reads. */
export const FIELDS = `app, bucket, id, platform, provider, environment, token, language, time_zone,
  user_id, tags, attributes, refreshed_at, app_version, country, opted_out, permission, opted_out_of,
  moved_at`;

/** Selects what an installation is found by, as `Found`. */
export const FINDABLE = `app, bucket, id, token, user_id AS userId, platform, language, permission,
  opted_out AS optedOut, time_zone AS timeZone`;
export type Found = Findable & { id: string };

/** The condition of one row: its app, its bucket and its id. */
export const KEY = 'app = ? AND bucket = ? AND id = ?';

export const fromRow = (row: Row): Installation => ({
  app: row.app,
  bucket: row.bucket,
  id: row.id,
  platform: row.platform,
  provider: row.provider,
  environment: row.environment,
  token: row.token,
  ...(row.language !== null && { language: row.language }),
  ...(row.time_zone !== null && { timeZone: row.time_zone }),
  ...(row.country !== null && { country: row.country }),
  ...(row.app_version !== null && { appVersion: row.app_version }),
  ...(row.user_id !== null && { userId: row.user_id }),
  ...(row.opted_out === 1 && { optedOut: true }),
  ...(row.permission !== null && { permission: row.permission }),
  ...(isSome(row.opted_out_of) && { optedOutOf: JSON.parse(row.opted_out_of) }),
  tags: JSON.parse(row.tags),
  attributes: JSON.parse(row.attributes),
  refreshedAt: row.refreshed_at,
  ...(row.moved_at !== null && { movedAt: row.moved_at }),
});
