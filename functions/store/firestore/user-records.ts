/**
 * Records about a user's devices, and the campaigns that may have some. A campaign is found by the names in
 * its audience, or because it may have recipients that it does not name, by the day on which it closed.
 */

import type { DocumentSnapshot } from '@google-cloud/firestore';
import { chunked } from '../../lib/chunked.ts';
import type { Campaign } from '../../model/campaign.ts';
import type { ChunkCommit } from '../../model/chunk.ts';
import type { Installation } from '../../model/installation.ts';
import { DAY_MS } from '../../model/timing.ts';
import { type Device, deviceKey } from '../erasure.ts';
import { toCampaign } from './campaign-fields.ts';
import type { Client } from './client.ts';
import { documentsOf } from './documents.ts';
import { formerOf } from './registry/former.ts';
import {
  appOf,
  BY_NAME,
  closedKeys,
  digest,
  END,
  type FailuresFields,
  type InstallationFields,
  idOf,
  isId,
  nameKey,
  type Schema,
  toInstallation,
  UNNAMED,
} from './schema.ts';
import type { Found } from './user-chunks.ts';

/** Documents that one query reads. */
export const PAGE = 300;
/** Most values that `array-contains-any` takes. */
const ANY = 30;

interface Context {
  client: Client;
  schema: Schema;
}

/** The user's installations, in all apps. */
export async function* installationsOf(
  { client, schema }: Context,
  userId: string,
): AsyncGenerator<Installation[]> {
  const query = schema.installations.where('userId', '==', userId).orderBy(BY_NAME).limit(PAGE);
  for await (const page of documentsOf(client, query))
    yield page.map((it) =>
      toInstallation(appOf(it.id), idOf(it.id).id, it.data() as InstallationFields),
    );
}

/** The user's devices, present and former. */
export async function devicesOf(context: Context, userId: string): Promise<Device[]> {
  const { devices } = await formerOf(context, userId);
  for await (const page of installationsOf(context, userId))
    devices.push(...page.map(({ app, id, token }) => ({ app, id, token })));
  return devices;
}

/** Campaigns, and where those begin that may follow them. */
interface CampaignPage {
  found: DocumentSnapshot[];
  next: string;
}

/**
 * Campaigns that name the user or their devices; and those that may have unnamed recipients, if they are open
 * or were closed since `oldest`, in ms. Each once. Of those that are closed later no chunk is left. `after`
 * is the `next` of a page, also of an earlier call; `size`: campaigns of a page.
 */
export async function* campaignsFor(
  { client, schema }: Context,
  names: string[],
  { oldest, after = null, size = PAGE }: { oldest: number; after?: string | null; size?: number },
): AsyncGenerator<CampaignPage> {
  const seen = new Set<string>();
  const cursor = after === null ? null : cursorIn(after);
  // the open ones first: one that closes meanwhile is found by its day. Clocks differ by less than a day.
  const keys = inOrder([
    ...[UNNAMED, ...names.map(nameKey)],
    ...closedKeys(oldest, client.now() + DAY_MS),
  ]).filter((it) => cursor === null || rankOf(it) >= rankOf(cursor.key));
  for (const some of chunked(keys, ANY)) {
    const key = some[0]!;
    const all = schema.campaigns
      .where('names', 'array-contains-any', some)
      .orderBy(BY_NAME)
      .limit(size);
    const query = cursor?.key === key ? all.startAfter(cursor.id) : all;
    for await (const page of documentsOf(client, query, true)) {
      const found = page.filter((it) => !seen.has(it.id));
      for (const it of page) seen.add(it.id);
      yield { found, next: `${key}~${page.at(-1)!.id}` };
    }
  }
}

/** The first of a group of keys, and the last campaign that was found by them. */
function cursorIn(text: string): { key: string; id: string } {
  const end = text.indexOf('~');
  return { key: text.slice(0, end), id: text.slice(end + 1) };
}

/** Open campaigns, then those of names, then those of days: a new day comes at the end. */
const rankOf = (key: string) => `${key === UNNAMED ? 0 : key.startsWith(UNNAMED) ? 2 : 1}${key}`;
const inOrder = (keys: string[]) =>
  [...new Set(keys)].sort((a, b) => (rankOf(a) < rankOf(b) ? -1 : 1));

/** The failures among these recipients of a chunk, or (null) of all, by document. */
export async function failuresOf(
  { client, schema }: Context,
  {
    chunk: { id, campaignId },
    indices,
  }: { chunk: Pick<Found['chunk'], 'id' | 'campaignId'>; indices: number[] | null },
) {
  if (!isId(campaignId)) return [];
  const start = `${campaignId}${END}${digest(id)}${END}`;
  const query = schema.failures.orderBy(BY_NAME).startAt(start).endBefore(`${start}${END}`);
  const { docs } = await client.read(() => query.get());
  return docs.flatMap((it) => {
    const all = JSON.parse((it.data() as FailuresFields).failures) as ChunkCommit['failures'];
    const theirs = indices === null ? all : all.filter(({ index }) => indices.includes(index));
    return theirs.length > 0 ? [{ ref: it.ref, all, theirs }] : [];
  });
}

/** The devices that belong to no other user now. */
export async function unowned({ client, schema }: Context, devices: Device[]): Promise<Device[]> {
  const once = [...new Map(devices.map((it) => [deviceKey(it), it])).values()];
  const refs = once.map((it) => schema.installation(it.app, it.id));
  const found = await client.get(refs, ['userId']);
  const keys = new Set(once.filter((_, i) => !found[i]!.exists).map(deviceKey));
  return devices.filter((it) => keys.has(deviceKey(it)));
}

export const namesOf = (userId: string, devices: Device[]) => [
  userId,
  ...devices.flatMap((it) => [it.id, it.token]),
];

/** A campaign of which chunks may be left. */
export interface Searched {
  campaign: Campaign;
  /** a message: what was sent may be in its own document */
  isMessage: boolean;
  /** it is there and nowhere else */
  isWhole: boolean;
}

/** Those of the apps in which the user has devices. */
export function searched(found: DocumentSnapshot[], devices: Device[]): Searched[] {
  const apps = new Set(devices.map((it) => it.app));
  return found
    .filter((it) => apps.has(it.get('app')))
    .map((it) => ({
      campaign: toCampaign(it),
      isMessage: it.get('quiet') !== undefined || it.get('outcome') !== undefined,
      isWhole: it.get('outcome') !== undefined,
    }));
}
