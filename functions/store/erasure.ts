/** Erasure of a user from campaigns, the same on both engines. */

import { type Campaign, targetOf } from '../model/campaign.ts';
import type { ChunkCommit, NewChunk, Recipient } from '../model/chunk.ts';
import { unregisteredId } from '../model/installation.ts';
import { namesWithout } from './push-names.ts';

/** An installation that belongs to a user, or did while records about it may still be kept. */
export interface Device {
  app: string;
  id: string;
  token: string;
  /** when another user left it, and when this one did, in ms, if known */
  since?: number;
  until?: number;
}

/** Takes the place of an erased recipient, so that the indices of the others do not change. */
const ERASED: Recipient = { installationId: '', token: '' };

/** Longest time, in ms, that a planner holds a page it read before an erasure. */
export const LATE_MS = 10 * 60 * 1000;

export const deviceKey = ({ app, id }: Pick<Device, 'app' | 'id'>) => `${app}\n${id}`;

/** The key under which a planner freezes a token that it found unregistered. */
export const bareKey = ({ app, token }: Pick<Device, 'app' | 'token'>) =>
  deviceKey({ app, id: unregisteredId(token) });

/** Largest difference, in ms, between the clocks that register and those that accept. */
const SKEW_MS = 60 * 1000;

/** True if the device was the user's at that time, or at some time from `at` until before `end`, in ms. */
export const wasTheirs = (
  { since = 0, until = Number.POSITIVE_INFINITY }: Device,
  at: number,
  end = at,
) => (since <= at || since < end) && at <= until + SKEW_MS;

/**
 * Tells whether a recipient of a campaign created at `at` is one of the devices, if it was frozen at `frozenAt`,
 * both in ms. What a device got before or after it was the user's belongs to another user: a campaign may wait
 * for weeks until it is planned. In one app an id names one installation, and so does a token.
 */
export function matcher(devices: Device[], at: number, frozenAt = at) {
  // it was read at most so long before it was frozen
  const readAt = Math.max(at, frozenAt - LATE_MS);
  const known = new Set(
    devices
      .filter((it) => wasTheirs(it, readAt, Math.max(readAt, frozenAt)))
      .flatMap((it) => [deviceKey(it), bareKey(it), `${it.app}\t${it.token}`]),
  );
  return (app: string, id: string, token: string) =>
    known.has(deviceKey({ app, id })) || known.has(`${app}\t${token}`);
}

export const redacted = (recipients: Recipient[], gone: ReadonlySet<number>) =>
  recipients.map((it, index) => (gone.has(index) ? ERASED : it));

/** Chunks as they are frozen when some of their recipients were erased since they were read. */
export const withoutErased = (chunks: NewChunk[], isErased: (key: string) => boolean) =>
  chunks
    .map((chunk) => ({
      ...chunk,
      recipients: chunk.recipients.filter(
        (it) => !isErased(deviceKey({ app: chunk.app, id: it.installationId })),
      ),
    }))
    .filter((it) => it.recipients.length > 0);

/** A commit without erased recipients: `failed` are counted, `failures` are stored. */
export type Redacted = ChunkCommit & { failed: ChunkCommit['failures']; ends: boolean };

export function commitWithout(told: ChunkCommit, gone: ReadonlySet<number>): Redacted {
  const commit = told.names ? { ...told, names: namesWithout(told.names, gone) } : told;
  const failures = commit.failures.filter((it) => !gone.has(it.index));
  const ends = 'release' in commit.lease || commit.open.length === 0;
  if (!ends) return { ...commit, failures, failed: commit.failures, ends };
  const open = commit.open.filter((it) => !gone.has(it));
  return {
    ...commit,
    failures,
    failed: commit.failures,
    open,
    ends,
    inDoubt: commit.inDoubt.filter((it) => !gone.has(it)),
    skipped: [...commit.skipped, ...commit.open.filter((it) => gone.has(it))],
  };
}

const LISTS = ['userIds', 'installationIds', 'tokens'];

/**
 * Replaces an erased id, never removes it: dropping a condition would widen the audience.
 */
export const withoutNames = (json: string, names: readonly string[]) =>
  JSON.stringify(JSON.parse(json), (key, value) =>
    LISTS.includes(key) && Array.isArray(value)
      ? value.map((it) => (names.includes(it) ? '' : it))
      : value,
  );

/** The ids, user ids and tokens that an audience names, at any depth. */
export function namesIn(audience: unknown): string[] {
  const names = new Set<string>();
  JSON.stringify(audience, (key, value) => {
    if (LISTS.includes(key) && Array.isArray(value)) for (const it of value) names.add(String(it));
    return value;
  });
  return [...names];
}

/** True if the campaign may have recipients that its audience does not name. */
export function mayReachUnnamed(campaign: Pick<Campaign, 'audience' | 'meaning'>): boolean {
  const target = targetOf(campaign);
  if (target.kind === 'named') return !('tokens' in target.names);
  if (target.kind !== 'installations') return true;
  const { audience } = target;
  return LISTS.every((it) => !(it in audience));
}
