/** One device in what a campaign has frozen, or in a message that was closed in one write. */

import type { Campaign } from '../../model/campaign.ts';
import type { ShardWave } from '../../model/chunk.ts';
import { beginOf, DAY_MS, expiryOf } from '../../model/timing.ts';
import type { FoundRecipient, ShardOfDevice, SoughtDevice, Store } from '../../ports/ports.ts';
import type { Outcome } from '../messages.ts';
import { nameAt, nameIn } from '../push-names.ts';
import { unpack } from '../recipients.ts';
import { hasNamedShards, type Sought, soughtIn, stateAt } from '../traces.ts';
import { findCampaign, outcomeIn, toCampaign } from './campaign-fields.ts';
import type { Context } from './context.ts';
import type { Place } from './page-search.ts';
import { outcomesOf } from './recipients.ts';
import { type CampaignFields, END, type ShardFields } from './schema.ts';
import { type Found, searchChunks } from './user-chunks.ts';
import { failuresOf } from './user-records.ts';

type Reader = Pick<Context, 'client' | 'schema' | 'retentionDays'>;

export const firestoreFindRecipient = (context: Reader) =>
  ({
    async findRecipient(campaign, device) {
      const sought = soughtIn(campaign, device);
      const { shards, found } = await search(context, campaign, device);
      if (campaign.shards > 0 && shards.length === 0)
        return {
          shards: [],
          recipients: await inMessage(context, campaign, sought),
          complete: true,
        };
      const live = found.filter((it) => context.client.isLive(it.snapshot));
      const recipients = (await Promise.all(live.map((it) => recipientsIn(context, it)))).flat();
      // a chunk is kept from when it is done, so at least so long from the beginning
      const kept = beginOf(campaign) + context.retentionDays * DAY_MS;
      const complete = recipients.length > 0 || context.client.now() < kept;
      return { shards: shards.map(toShardOfDevice), recipients, complete };
    },
  }) satisfies Partial<Store>;

async function search(context: Reader, campaign: Campaign, device: SoughtDevice) {
  const { names, ids: texts, isSought } = soughtIn(campaign, device);
  const isNamed = hasNamedShards(campaign);
  const inRetry = campaign.retryOf ? await placeInRetry(context, campaign.retryOf, device) : null;
  const place = (within: string[]): Place => {
    if (inRetry) return inRetry;
    return isNamed
      ? { in: 'the order of names', names: within }
      : { in: 'the order of ids', ids: within };
  };
  return searchChunks(context, campaign, { names, place, texts, matcherIn: () => isSought });
}

/**
 * A retry has its recipients in the order of the failures of an earlier campaign: the device's own is looked
 * for there first. A page of the retry ends with the cursor of `listFailures`.
 */
async function placeInRetry(
  context: Reader,
  retryOf: string,
  device: SoughtDevice,
): Promise<Place> {
  const { client, schema, retentionDays } = context;
  const found = await findCampaign(client, schema, retryOf);
  const anyPage: Place = { in: 'any page' };
  if (!found || outcomeIn(found.data() as CampaignFields)) return anyPage;
  const campaign = toCampaign(found);
  const earlier = await search(context, campaign, device);
  const places = await Promise.all(
    earlier.found.map(async (it) =>
      (await failuresOf(context, it)).map(({ ref, all, theirs }) => ({
        name: ref.id.slice(retryOf.length + END.length),
        index: all.findIndex(({ index }) => index === theirs[0]!.index),
      })),
    ),
  );
  const [first] = places.flat();
  if (first) return { in: 'the order of failures', reaches: (end) => comesAfter(end.id, first) };
  // the earlier one may have it by a token or a user of before
  if (hasNamedShards(campaign)) return anyPage;
  // its failure may have been deleted by its age since the retry was planned
  return client.now() < beginOf(campaign) + retentionDays * DAY_MS ? { in: 'no page' } : anyPage;
}

/** Whether a cursor of `listFailures` is at or behind a failure; the last page ends with none. */
function comesAfter(cursor: string, { name, index }: { name: string; index: number }): boolean {
  const dot = cursor.lastIndexOf('.');
  if (dot === -1) return true;
  const end = cursor.slice(0, dot);
  return end > name || (end === name && Number(cursor.slice(dot + 1)) >= index);
}

const toShardOfDevice = (it: ShardFields): ShardOfDevice => ({
  index: it.index,
  ...(it.wave !== undefined && { wave: JSON.parse(it.wave) as ShardWave }),
  from: it.from,
  to: it.to,
  cursor: it.cursorBucket === null ? null : { bucket: it.cursorBucket, id: it.cursorId ?? '' },
  planned: it.planned,
  plannedAt: it.plannedAt ?? null,
});

async function recipientsIn(context: Reader, found: Found): Promise<FoundRecipient[]> {
  const { chunk: it, indices } = found;
  const outcomes = outcomesOf(it);
  const states = indices.map((index) => ({ index, state: stateAt(outcomes, index) }));
  const hasFailed = states.some(({ state }) => !NOT_FAILED.includes(state));
  const failures = hasFailed ? await failuresOf(context, found) : [];
  const all = failures.flatMap(({ theirs }) => theirs);
  return states.map(({ index, state }) => {
    const failure = all.find((each) => each.index === index);
    return {
      chunkId: it.id,
      shard: it.shard,
      index,
      size: it.size,
      provider: it.provider,
      environment: it.environment,
      attempt: it.attempt,
      notBefore: it.notBefore,
      expiresAt: it.expiresAt,
      ...(it.quiet && { quiet: it.quiet }),
      state,
      frozenAt: it.frozenAt ?? null,
      claimedAt: it.claimedAt ?? null,
      releasedAt: it.releasedAt ?? null,
      leaseUntil: it.leaseId === null ? null : it.leaseUntil,
      pushName: nameIn(it.names, index),
      failure: failure ? { campaignId: it.campaignId, chunkId: it.id, ...failure } : null,
    };
  });
}

/** States without a record of a failure. */
const NOT_FAILED: FoundRecipient['state'][] = [
  'accepted',
  'skipped',
  'capped',
  'late',
  'open',
  'in-doubt',
];

/** A message that was sent in one attempt has its outcome in its own document. */
async function inMessage(
  { client, schema }: Reader,
  campaign: Campaign,
  sought: Sought,
): Promise<FoundRecipient[]> {
  const found = await findCampaign(client, schema, campaign.id);
  const outcome = found && outcomeIn(found.data() as CampaignFields);
  return (outcome?.chunks ?? []).flatMap((chunk) => {
    const recipients = unpack({ ids: chunk.ids, rest: null });
    return recipients.flatMap((it, index) =>
      sought.isSought(it)
        ? [sentIn(campaign, outcome!, { chunk, index, size: recipients.length })]
        : [],
    );
  });
}

function sentIn(
  campaign: Campaign,
  { failures, startedAt }: Outcome,
  { chunk, index, size }: { chunk: Outcome['chunks'][number]; index: number; size: number },
): FoundRecipient {
  const { id: chunkId, provider, environment, quiet, outcomes, names } = chunk;
  return {
    chunkId,
    shard: 0,
    index,
    size,
    provider,
    environment,
    attempt: 1,
    notBefore: 0,
    expiresAt: expiryOf(campaign, 0),
    ...(quiet && { quiet }),
    state: stateAt(outcomes, index),
    frozenAt: campaign.createdAt,
    claimedAt: campaign.createdAt,
    releasedAt: startedAt,
    leaseUntil: null,
    pushName: nameAt(names, index),
    failure: failures.find((it) => it.chunkId === chunkId && it.index === index) ?? null,
  };
}
