/**
 * The documents of the Firestore store: collections and names; their fields are in fields.ts and registry-fields.ts.
 * `firestore.indexes.json` says which fields are indexed; all others are exempt.
 *
 * No query needs a composite index. Documents are found by name, by ranges of names (names are kept
 * in the order of their bytes), or by one field. A field that says when (`due`, `listed`) begins
 * with a slot: an index that only grows at its end takes 500 writes a second, and each slot is an
 * end of its own. https://firebase.google.com/docs/firestore/best-practices
 */

import { hash } from 'node:crypto';
import { FieldPath, type Firestore, Timestamp } from '@google-cloud/firestore';
import { BUCKETS, bucketOf } from '../../model/bucket.ts';
import type { Campaign } from '../../model/campaign.ts';
import { languagesRead } from '../../model/canonical/language.ts';
import type { Installation } from '../../model/installation.ts';
import { DAY_MS } from '../../model/timing.ts';
import type { InstallationFields } from './registry-fields.ts';

export type * from './fields.ts';
export type * from './registry-fields.ts';

export type Schema = ReturnType<typeof createSchema>;

export function createSchema(db: Firestore) {
  const installations = db.collection('installations');
  const campaigns = db.collection('campaigns');
  const shards = db.collection('shards');
  const chunks = db.collection('chunks');
  const counters = db.collection('counters');
  const failures = db.collection('failures');
  const events = db.collection('events');
  const webhooks = db.collection('webhooks');
  const deliveries = db.collection('deliveries');
  return {
    installations,
    campaigns,
    shards,
    chunks,
    counters,
    failures,
    events,
    webhooks,
    deliveries,
    event: (subject: string, rest: string) => events.doc(`${subject}${END}${rest}`),
    installation: (app: string, id: string) => installations.doc(installationName(app, id)),
    badges: db.collection('badges'),
    badge: (app: string, id: string) => db.collection('badges').doc(installationName(app, id)),
    token: (app: string, token: string) => db.collection('tokens').doc(digest(`${app}\n${token}`)),
    campaign: (id: string) => campaigns.doc(id),
    shard: (campaignId: string, index: number) => shards.doc(`${campaignId}~${digits(index)}`),
    counter: (campaignId: string, shard: number, slot: number) =>
      counters.doc(`${campaignId}~${digits(shard)}~${digits(slot)}`),
    chunk: (id: string) => chunks.doc(digest(id)),
    receiptSets: (campaignId: string, kind: string) =>
      db.collection('receipts').doc(`${campaignId}~${kind}`).collection('receiptSets'),
    receiptSet: (campaignId: string, kind: string, bucket: number) =>
      db.doc(`receipts/${campaignId}~${kind}/receiptSets/${bucket.toString(16).padStart(8, '0')}`),
    untoldReceipts: (campaignId: string) => events.doc(`${campaignId}${END}2`),
    lastFold: db.collection('ticks').doc('receipts'),
    recipients: (chunkId: string) => db.collection('recipients').doc(digest(chunkId)),
    failuresOf: (campaignId: string, rest: string) => failures.doc(`${campaignId}~${rest}`),
    idempotency: (app: string, key: string) =>
      db.collection('idempotency').doc(digest(`${app}\n${key}`)),
    import: (run: string) => db.collection('imports').doc(digest(run)),
    seen: db.collection('seen'),
    schedules: db.collection('schedules'),
    segments: db.collection('segments'),
    segment: (app: string, name: string) =>
      db.collection('segments').doc(`${appName(app)}${END}${name}`),
    upload: (id: string) => db.collection('uploads').doc(id),
    names: db.collection('names'),
    gone: db.collection('gone'),
    layouts: db.collection('layouts'),
    layout: (app: string) => db.collection('layouts').doc(`${appName(app)}${END}`),
    pages: db.collection('pages'),
    page: (app: string, level: number, index: number) =>
      db.collection('pages').doc(pageName(app, level, index)),
    former: db.collection('formerUsers'),
    erasures: db.collection('erasures').doc('recent'),
    uploads: db.collection('uploads'),
    triggers: db.collection('triggers'),
    failedPings: db.collection('failedPings'),
    appPause: (app: string) => db.collection('switches').doc(`app ${appName(app)}`),
    appPolicy: (app: string) => db.collection('switches').doc(`policy ${appName(app)}`),
    capSet: (app: string, start: number) => db.collection('caps').doc(bucketName(app, start)),
    capStarts: (app: string, cell: number) =>
      db.collection('capStarts').doc(`${appName(app)}${END}${digits(cell)}`),
    lastTick: db.collection('ticks').doc('last'),
    keys: db.collection('keys'),
    key: (hash: string) => db.collection('keys').doc(hash),
  };
}

/** The order of names. */
export const BY_NAME = FieldPath.documentId();

/** Behind everything that begins with what is before it: of all characters used here the last. */
export const END = '~';

/** Whether a document can be named so; ids come in addresses. */
export const isId = (id: string) => /^[A-Za-z0-9][\w.-]{0,99}$/.test(id);

export const digest = (text: string) => hash('sha256', text).slice(0, 32);

/** A campaign may name hundreds, each by up to 4 KiB. */
export const nameKey = (name: string) => digest(name).slice(0, 16);
/** Among the names of an open campaign that may have recipients that it does not name. No `nameKey`. */
export const UNNAMED = '*';
/** Takes the place of UNNAMED when the campaign closes, `at` in ms: the day. */
export const closedKey = (at: number) => `${UNNAMED}${Math.floor(at / DAY_MS)}`;
/** The keys of all days from one time to another, in ms. */
export const closedKeys = (from: number, to: number) =>
  Array.from({ length: Math.floor(to / DAY_MS) - Math.floor(from / DAY_MS) + 1 }, (_, day) =>
    closedKey(from + day * DAY_MS),
  );

/** The id of a message that came with an idempotency key. */
export const keyedId = (app: string, key: string) => digest(`message\n${app}\n${key}`).slice(0, 20);

export const digits = (index: number) => String(index).padStart(5, '0');

// ---------------------------------------------------------------------------------- installations

/** `~` separates; a name may not be `__…__`. */
export const appName = (app: string) =>
  encodeURIComponent(app.toWellFormed()).replace(
    /[~_]/g,
    (it) => `%${it.charCodeAt(0).toString(16)}`,
  );

const installationName = (app: string, id: string) => `${bucketName(app, bucketOf(id))}~${id}`;

/** In front of all names of a bucket, and behind all of the one before. */
export const bucketName = (app: string, bucket: number) =>
  `${appName(app)}~${bucket < BUCKETS ? bucket.toString(16).padStart(8, '0') : 'g'}`;

/** The pages of an app lie together. */
const pageName = (app: string, level: number, index: number) =>
  [appName(app), String(level).padStart(2, '0'), String(index).padStart(7, '0')].join(END);

export function idOf(name: string): { bucket: number; id: string } {
  const [, bucket = '', id = ''] = name.split('~');
  return { bucket: Number.parseInt(bucket, 16), id };
}

export const appOf = (name: string) => decodeURIComponent(name.slice(0, name.indexOf(END)));

/** The languages it reads, so that an audience by any of them finds it: the keys of pt-BR and pt. */
export function spokenOf({ platform, language }: Pick<Installation, 'platform' | 'language'>) {
  if (language === undefined) return undefined;
  const read = languagesRead(language);
  return [...read, ...read.map((it) => spokenOn(platform, it))];
}

/** No language has a slash. */
export const spokenOn = (platform: string, key: string) => `${platform}/${key}`;

/** `kept`: what is stored of the opt-outs, for what is not said of them. */
export const fromInstallation = (
  { app: _app, id: _id, bucket: _bucket, attributes, optedOut, optedOutOf, ...rest }: Installation,
  kept: Pick<InstallationFields, 'optedOut' | 'optedOutOf'> = {},
): InstallationFields => ({
  ...rest,
  ...(rest.language !== undefined && { spoken: spokenOf(rest) }),
  ...((optedOut ?? kept.optedOut) && { optedOut: true as const }),
  ...someOf(optedOutOf ?? kept.optedOutOf ?? []),
  ...(Object.keys(attributes).length > 0 && { attributes: JSON.stringify(attributes) }),
});

const someOf = (optedOutOf: string[]) => optedOutOf.length > 0 && { optedOutOf };

export function toInstallation(app: string, id: string, it: InstallationFields): Installation {
  const { attributes = '{}', spoken: _, changed: _changed, ...rest } = it;
  return { app, id, bucket: bucketOf(id), ...rest, attributes: JSON.parse(attributes) };
}

// ------------------------------------------------------------------------------------------ times

/** For 2,000 writes a second. */
export const SLOTS = ['0', '1', '2', '3'];

/** Slots in the list of campaigns of those that are none, so that a list of campaigns does not read them. */
export const OTHER_SLOTS = ['4', '5', '6', '7'];

const slotOf = (id: string, slots = SLOTS) =>
  slots[Number.parseInt(hash('sha256', id).slice(0, 2), 16) % 4]!;

const LAST_TIME = Date.UTC(9999, 11, 31);

/** In the order of time, and legible in the console. */
const iso = (at: number) => new Date(Math.max(0, Math.min(LAST_TIME, at))).toISOString();

/** The value of `due` for the document of that id. */
export const dueOf = (id: string, at: number, slot = slotOf(id)) => `${slot}${END}${iso(at)}`;

/** What is due in a slot: from the first (inclusive) to the second. */
export const dueBy = (slot: string, at: number) => [`${slot}${END}`, `${slot}${END}${iso(at)}`];

/** The slot of a delivery. */
export const [DELIVERIES_SLOT] = SLOTS as [string];

export const dueAtOf = (due: string) => Date.parse(due.slice(2));

export const listedOf = (id: string, createdAt: number, slot: string) =>
  `${slot}${END}${iso(createdAt)}${END}${id}`;

/** The place of a campaign in the list. */
export const listedAt = ({ id, createdAt, kind }: Pick<Campaign, 'id' | 'createdAt' | 'kind'>) =>
  listedOf(id, createdAt, slotOf(id, kind === undefined ? SLOTS : OTHER_SLOTS));

/**
 * The name of a record that is listed newest first. Webhooks are few, and a webhook's deliveries have
 * its own id in front.
 */
export const timeAndId = ({ id, createdAt }: { id: string; createdAt: number }) =>
  `${iso(createdAt)}${END}${id}`;

export const openInOf = (campaignId: string, shard: number | null = null, chunkId = '') =>
  shard === null ? `${campaignId}${END}` : `${campaignId}${END}${digits(shard)}${END}${chunkId}`;

/** `expireAt` of what is kept for so many days. */
export const expiry = (at: number, days: number) => expiryAt(at + days * DAY_MS);

export const expiryAt = (at: number) => Timestamp.fromMillis(Math.min(LAST_TIME, at));

// ---------------------------------------------------------------------------------------- reasons

/** A field's name must not be `__…__`, and a document's fields have bounds. */
const MAX_REASON = 200;
export const reasonKey = (reason: string) => `=${reason.slice(0, MAX_REASON)}`;
const reasonOf = (key: string) => key.slice(1);
export const byReason = (counts: Record<string, number>) =>
  Object.fromEntries(Object.entries(counts).map(([key, count]) => [reasonOf(key), count]));
/** The opposite: names as fields. */
export const keyedByReason = (counts: Record<string, number>) =>
  Object.fromEntries(Object.entries(counts).map(([reason, count]) => [reasonKey(reason), count]));
