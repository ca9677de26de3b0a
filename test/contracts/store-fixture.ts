/** What the parts of the store's contract share: people, campaigns, pages, commits, chance. */

import type { TestContext } from 'node:test';
import { BUCKETS } from '../../functions/model/bucket.ts';
import type { Campaign } from '../../functions/model/campaign.ts';
import type { ChunkCommit, Failure, NewChunk } from '../../functions/model/chunk.ts';
import { installation } from '../../functions/model/installation.ts';
import type { Registration } from '../../functions/model/schemas/registration.ts';
import type { Claim, FrozenPage, Page, Store } from '../../functions/ports/ports.ts';

/** An empty store, with a clock that stands at NOW unless another is given; cleans up with `t.after`. */
export type MakeStore = (t: TestContext, now?: () => number) => Promise<Store>;
export const atNow = () => NOW;

export const NOW = Date.UTC(2026, 10, 21, 13);
export const MINUTE = 60_000;
export const EVERYBODY = { from: 0, to: BUCKETS };

/** Chance that is the same in every run: a linear congruential generator (Numerical Recipes). */
export function chance(seed: number) {
  let state = seed;
  const random = () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
  const below = (n: number) => Math.floor(random() * n);
  return { random, below, pick: <T>(list: readonly T[]) => list[below(list.length)]! };
}

export const person = (id: string, rest: Partial<Registration> = {}, at = NOW) =>
  installation(
    id,
    {
      app: 'default',
      platform: 'android',
      token: `token-of-${id}`,
      tags: [],
      attributes: {},
      environment: 'production',
      ...rest,
    },
    at,
  );

let campaigns = 0;
export const campaignOf = (rest: Partial<Campaign> = {}): Campaign => ({
  id: `campaign${++campaigns}`,
  name: 'Autumn',
  app: 'default',
  audience: {},
  dryRun: false,
  message: { title: 'Hallo', ttlSeconds: 3600, priority: 'high' },
  state: 'accepted',
  reason: null,
  createdAt: NOW,
  firstPushAt: null,
  closedAt: null,
  shards: 0,
  ...rest,
});

export const chunkOf = (
  campaignId: string,
  [shard, page, part]: [number, number, number],
  size: number,
  rest: Partial<NewChunk> = {},
): NewChunk => {
  const id = `${campaignId}.${shard}.${page}.${part}`;
  return {
    id,
    campaignId,
    shard,
    app: 'default',
    provider: 'fcm',
    environment: 'production',
    recipients: Array.from({ length: size }, (_, i) => ({
      installationId: `${id}:${i}`,
      token: `token-of-${id}:${i}`,
    })),
    notBefore: 0,
    expiresAt: NOW + 60 * MINUTE,
    dueAt: NOW + 15 * MINUTE,
    ...rest,
  };
};

/** A page of chunks of these sizes. */
export const pageOf = (
  campaignId: string,
  sizes: number[],
  { chunk = {}, ...rest }: Partial<FrozenPage> & { chunk?: Partial<NewChunk> } = {},
): FrozenPage => {
  const { shard = 0, page = 0 } = rest;
  return {
    campaignId,
    shard,
    page,
    skipped: 0,
    last: false,
    dueAt: NOW + 15 * MINUTE,
    now: NOW,
    cursor: { bucket: page + 1, id: 'last' },
    chunks: sizes.map((size, part) => chunkOf(campaignId, [shard, page, part], size, chunk)),
    ...rest,
  };
};

/** A campaign that runs in so many shards of equal ranges, nothing of it frozen. */
export async function running(store: Store, shards = 1, rest: Partial<Campaign> = {}) {
  const campaign = campaignOf(rest);
  await store.createCampaign(campaign, null, NOW + MINUTE);
  const edge = (i: number) => Math.floor((BUCKETS / shards) * i);
  const ranges = Array.from({ length: shards }, (_, i) => ({ from: edge(i), to: edge(i + 1) }));
  await store.startCampaign({ id: campaign.id, shards: ranges, dueAt: NOW + 15 * MINUTE, at: NOW });
  return campaign.id;
}

/** The id of a chunk of so many, the only one of its campaign; nothing else is to be planned. */
export async function lonelyChunk(store: Store, size: number, chunk: Partial<NewChunk> = {}) {
  const campaignId = await running(store);
  await store.freezePage(pageOf(campaignId, [size], { last: true, chunk }));
  return { campaignId, chunkId: `${campaignId}.0.0.0` };
}

export const leaseOf = (id: string, until = NOW + MINUTE) => ({ id, until });

export function claimed(claim: Claim) {
  if (claim.kind !== 'claimed') throw new Error(`not claimed, but ${claim.kind}`);
  return claim;
}

/** A commit that lets go; `failed` are indices. */
export const commitOf = (
  chunkId: string,
  leaseId: string,
  { failed = [], ...rest }: Partial<ChunkCommit> & { failed?: number[]; open: number[] },
): ChunkCommit => ({
  chunkId,
  leaseId,
  accepted: 0,
  skipped: [],
  forget: [],
  inDoubt: [],
  failures: failed.map((index) => ({
    installationId: `${chunkId}:${index}`,
    token: `token-of-${chunkId}:${index}`,
    index,
    provider: 'fcm',
    outcome: 'rejected',
    reason: 'INVALID_ARGUMENT',
    attempts: 1,
    at: NOW,
  })),
  lease: { release: true, notBefore: NOW, stalled: 0 },
  dueAt: NOW + 15 * MINUTE,
  now: NOW,
  ...rest,
});

/** Claims a chunk and commits all of it: `failed` are indices, the others were accepted. */
export async function finish(store: Store, chunkId: string, now = NOW, failed: number[] = []) {
  const leaseId = `finish-${chunkId}`;
  const { chunk } = claimed(await store.claimChunk(chunkId, leaseOf(leaseId, now + 1), now));
  const accepted = chunk.open.length - failed.length;
  return store.commitChunk(commitOf(chunkId, leaseId, { accepted, failed, open: [], now }));
}

/** Everything that is paged, in pages of `limit`. */
export async function allPages<T>(read: (after: string | null) => Promise<Page<T>>, limit: number) {
  const items: T[] = [];
  for (let after: string | null = null; ; ) {
    const page: Page<T> = await read(after);
    if (page.items.length > limit) throw new Error(`a page of ${page.items.length}`);
    items.push(...page.items);
    if (page.next === null) return items;
    if (page.items.length === 0) throw new Error('an empty page that goes on');
    after = page.next;
  }
}

export async function allFailures(store: Store, campaignId: string, limit = 1000) {
  const all = await allPages((after) => store.listFailures(campaignId, after, limit), limit);
  // a row of a database may be an object without a prototype
  return all.map((it): Failure => ({ ...it }));
}

/** The fields of a chunk that was only frozen. */
export const untried = { attempt: 0, notBefore: 0, leaseUntil: 0, task: null };
