/** What it means for campaigns that a user is erased; the same on both engines. */

import { type Campaign, targetOf } from '../model/campaign.ts';
import type { ChunkCommit, NewChunk, Recipient } from '../model/chunk.ts';
import { unregisteredId } from '../model/installation.ts';

/** An installation that was a user's, now or while something may still be known of it. */
export interface Device {
  app: string;
  id: string;
  token: string;
  /** when another user had left it, and when this one did, as far as is known */
  since?: number;
  until?: number;
}

/** What is left in the place of a recipient: the indices of the others stay what they are. */
const ERASED: Recipient = { installationId: '', token: '' };

/** How long a planner may hold a page of an audience that was read before somebody was erased. */
export const LATE_MS = 10 * 60 * 1000;

export const deviceKey = ({ app, id }: Pick<Device, 'app' | 'id'>) => `${app}\n${id}`;

/** As who has read its token as nobody's freezes it. */
export const bareKey = ({ app, token }: Device) => deviceKey({ app, id: unregisteredId(token) });

/** Between clocks of whoever registers and whoever accepts. */
const SKEW_MS = 60 * 1000;

/**
 * Who is among them in a campaign of that time: what came to a device before or after is another
 * user's. In one app an id is one installation, and a token too.
 */
export function matcher(devices: Device[], at: number) {
  const known = new Set(
    devices
      .filter(
        ({ since = 0, until = Number.POSITIVE_INFINITY }) => since <= at && at <= until + SKEW_MS,
      )
      .flatMap((it) => [deviceKey(it), `${it.app}\t${it.token}`]),
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

/** What a commit of whoever was sending meanwhile means; `failed` counts, `failures` are kept. */
export type Redacted = ChunkCommit & { failed: ChunkCommit['failures']; ends: boolean };

export function commitWithout(commit: ChunkCommit, gone: ReadonlySet<number>): Redacted {
  const failures = commit.failures.filter((it) => !gone.has(it.index));
  const ends = 'release' in commit.lease || commit.open.length === 0;
  if (!ends) return { ...commit, failures, failed: commit.failures, ends };
  const open = commit.open.filter((it) => !gone.has(it));
  return {
    ...commit,
    ...{ failures, failed: commit.failures, open, ends },
    doubtful: commit.doubtful.filter((it) => !gone.has(it)),
    skipped: commit.skipped + commit.open.length - open.length,
  };
}

const LISTS = ['userIds', 'installationIds', 'tokens'];

/**
 * An audience that asked for somebody asks for nobody in his place: to ask for less is to get more.
 */
export const withoutNames = (json: string, names: readonly string[]) =>
  JSON.stringify(JSON.parse(json), (key, value) =>
    LISTS.includes(key) && Array.isArray(value)
      ? value.map((it) => (names.includes(it) ? '' : it))
      : value,
  );

/** Who is asked for by name, anywhere in an audience. */
export function namesIn(audience: unknown): string[] {
  const names = new Set<string>();
  JSON.stringify(audience, (key, value) => {
    if (LISTS.includes(key) && Array.isArray(value)) for (const it of value) names.add(String(it));
    return value;
  });
  return [...names];
}

/** Whether there may be others among its recipients than those it names. */
export function mayReachUnnamed(campaign: Pick<Campaign, 'audience' | 'meaning'>): boolean {
  const target = targetOf(campaign);
  if (target.kind === 'named') return !('tokens' in target.names);
  if (target.kind !== 'installations') return true;
  const { audience } = target;
  return LISTS.every((it) => !(it in audience));
}
