/** Lists of campaigns, newest first, the same on both engines: no index has more than one field. */

import {
  type Campaign,
  type CampaignKind,
  type CampaignState,
  campaignKinds,
  campaignStates,
  isClosed,
  kindOf,
} from '../model/campaign.ts';
import type { CampaignFilter, Page } from '../ports/ports.ts';
import { timeAndName } from './cursor.ts';

/** Campaigns looked through for a page: about 500 reads, half a second and 0.03 cents on Firestore. */
const LOOKED_THROUGH = 500;

/** Campaigns of one read of a filtered list: each has up to 512 KiB. */
const AT_ONCE = 128;

/** When a campaign was created (ms), and its id. A list is in the order of these, the highest first. */
export type Place = [at: number, id: string];

/** How many records a read asks for; the first read has the number 0. */
export type SizeOf = (read: number) => number;

/**
 * A part of the list that an engine reads by itself: messages and pushes of inbound webhooks may be a
 * thousand times as many as campaigns.
 */
export type Part = 'campaigns' | 'others' | 'all';

function partOf(kinds: readonly CampaignKind[] | undefined): Part {
  const isOf = (kinds ?? campaignKinds).includes('campaign');
  if (isOf) return kinds?.every((it) => it === 'campaign') ? 'campaigns' : 'all';
  return 'others';
}

/** Where an engine's records of campaigns are. */
export interface CampaignList<T> {
  placeOf(record: T): Place;
  /** The campaigns that are not closed, in any order; null if there are more than `most`. */
  open(most: number): Promise<T[] | null>;
  /** Those of a part before a place, newest first, created at `from` (ms) or later. */
  newest(part: Part, before: Place, from: number, size: SizeOf): AsyncIterable<T[]>;
}

interface Asked<T> {
  after: string | null;
  limit: number;
  filter: CampaignFilter;
  /** null: the record has expired */
  campaignOf(record: T): Campaign | null;
}

/** A page of a list. */
export async function listed<T>(
  list: CampaignList<T>,
  { after, limit, filter, campaignOf }: Asked<T>,
): Promise<Page<Campaign>> {
  const before = beginning(after, filter);
  const from = filter.from ?? 0;
  const isMatch = matcher(filter);
  const most = Math.max(limit, LOOKED_THROUGH);
  const open = filter.states?.every(isOpen) ? await openOnes(list, before, from) : null;
  const items: Campaign[] = [];
  let looked = 0;
  let last: T | undefined;
  const part = partOf(filter.kinds);
  for await (const records of open
    ? [open]
    : list.newest(part, before, from, sizeOf(limit, filter)))
    for (const record of records) {
      if (items.length === limit || (!open && looked === most))
        return { items, next: list.placeOf(last!).join('.') };
      const campaign = campaignOf(record);
      if (campaign && isMatch(campaign)) items.push(campaign);
      looked += 1;
      last = record;
    }
  return { items, next: null };
}

const isOpen = (it: CampaignState) => !isClosed(it);

function beginning(after: string | null, { to = Number.MAX_SAFE_INTEGER }: CampaignFilter): Place {
  const [at, id] = after === null ? [to, ''] : timeAndName(after);
  return at < to ? [at, id] : [to, ''];
}

/**
 * All open campaigns after a place, in order; null if there are too many. They are found by themselves:
 * one that waits for its time may have thousands of newer ones before it.
 */
async function openOnes<T>(
  { placeOf, open }: CampaignList<T>,
  before: Place,
  from: number,
): Promise<T[] | null> {
  const found = await open(LOOKED_THROUGH);
  const after = found?.filter((it) => isBefore(placeOf(it), before) && placeOf(it)[0] >= from);
  return after?.sort((a, b) => (isBefore(placeOf(a), placeOf(b)) ? 1 : -1)) ?? null;
}

const isBefore = ([at, id]: Place, [otherAt, other]: Place) =>
  at < otherAt || (at === otherAt && id < other);

/** Without a filter all that is read is shown. With one, each read is larger than the one before. */
function sizeOf(limit: number, { states, app, text, kinds }: CampaignFilter): SizeOf {
  const isPart = kinds === undefined || partOf(kinds) === 'campaigns';
  const isAll = isPart && states === undefined && app === undefined && text === undefined;
  return (read) => (isAll ? limit + 1 : Math.min((limit + 1) * 2 ** read, AT_ONCE));
}

function matcher({ states, app, text, kinds }: CampaignFilter): (it: Campaign) => boolean {
  const all = new Set(states ?? campaignStates);
  const of = new Set<CampaignKind>(kinds ?? campaignKinds);
  const part = text === undefined ? null : folded(text);
  return (it) =>
    all.has(it.state) &&
    of.has(kindOf(it)) &&
    (app === undefined || it.app === app) &&
    (part === null || textsOf(it).some((text) => folded(text).includes(part)));
}

/**
 * Capitals, and accents and letters that are written in two ways, compare as the same: small letters first,
 * since some capitals have no other, then capitals, of which a final sigma has one and `ß` two.
 */
const folded = (text: string) => text.toLowerCase().toUpperCase().normalize('NFC');

const textsOf = ({ name, message }: Campaign): string[] => [
  name,
  ...[message, ...Object.values(message.localized ?? {})].flatMap(({ title }) => title ?? []),
];
