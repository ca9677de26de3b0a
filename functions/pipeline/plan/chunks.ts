/** chunks: splits a page's recipients into chunks of a bounded size, each with its slot in time. */

import { chunked } from '../../lib/chunked.ts';
import type { Campaign } from '../../model/campaign.ts';
import type { NewChunk, Recipient, Shard } from '../../model/chunk.ts';
import { CHUNK_SIZE } from '../../model/sizes.ts';
import { beginOf, expiryOf, LOST_AFTER_MS } from '../../model/timing.ts';
import type { addressed } from './recipients.ts';

/**
 * Bytes of a chunk's recipients before they are compressed. A document of Firestore holds 1 MiB, and a token
 * may have 4 KiB.
 */
const CHUNK_BYTES = 900_000;
/** Chunks a minute, at least, into which a campaign's own rate is divided, so that its pace is even. */
const PACED_CHUNKS_A_MINUTE = 6;

interface Page {
  campaign: Campaign;
  shard: Pick<Shard, 'index'>;
  /** the page's number in its shard */
  page: number;
  /** recipients of the shard that earlier pages have frozen; a paced campaign's slots follow from it */
  before: number;
  targets: ReturnType<typeof addressed>['targets'];
  /** the most recipients of a chunk */
  most?: number | undefined;
  /** ms since the epoch */
  now: number;
}

/**
 * Splits a page by provider and environment into even chunks of a bounded size. Their ids derive from
 * the shard and the page, so a page that is read again makes the same ids.
 */
export function intoChunks(it: Page): NewChunk[] {
  const { campaign, shard, page, before, targets, most = CHUNK_SIZE, now } = it;
  const slots = campaign.rate ? slotsOf(campaign, campaign.rate.perMinute, shard.index) : null;
  const size = Math.min(most, slots?.size ?? most);
  let frozen = before;
  return targets
    .flatMap(({ recipients, ...rest }) =>
      split(recipients, Math.ceil(recipients.length / size)).map((part) => ({
        ...rest,
        recipients: part,
      })),
    )
    .map((part, index) => {
      const notBefore = slots?.at(frozen) ?? 0;
      frozen += part.recipients.length;
      return {
        id: `${campaign.id}.${shard.index}.${page}.${index}`,
        campaignId: campaign.id,
        shard: shard.index,
        app: campaign.app,
        ...part,
        notBefore,
        expiresAt: expiryOf(campaign, notBefore),
        dueAt: Math.max(now, notBefore) + LOST_AFTER_MS,
      };
    });
}

/** Splits into even parts, and halves a part that is too large for a document. */
function split(group: Recipient[], parts: number): Recipient[][] {
  if (parts === 1 && (group.length === 1 || bytesOf(group) <= CHUNK_BYTES)) return [group];
  const count = Math.max(parts, 2);
  const size = Math.ceil(group.length / count);
  return chunked(group, size).flatMap((part) => split(part, 1));
}

/** An upper bound of the bytes that the recipients take in the store. */
function bytesOf(group: Recipient[]): number {
  let bytes = 0;
  for (const { installationId, token, language, values } of group) {
    bytes += installationId.length + token.length + 2;
    if (language !== undefined || values !== undefined)
      bytes += 64 + Buffer.byteLength(JSON.stringify({ language, values }));
  }
  return bytes;
}

/**
 * A campaign's own rate, shared evenly by its shards. `size`: recipients of a chunk. `at`: when the
 * chunk that follows `frozen` recipients of its shard may leave, in ms since the epoch. Each shard
 * begins a little after the one before it, so that their chunks do not leave together.
 */
function slotsOf({ shards, ...campaign }: Campaign, perMinute: number, shard: number) {
  const perShard = perMinute / shards;
  const offset = (shard / shards) * (60_000 / PACED_CHUNKS_A_MINUTE);
  return {
    size: Math.max(1, Math.floor(perShard / PACED_CHUNKS_A_MINUTE)),
    at: (frozen: number) => Math.floor(beginOf(campaign) + offset + (frozen / perShard) * 60_000),
  };
}
