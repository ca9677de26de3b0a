/** chunks: splits a page's recipients into chunks of a bounded size, each with its slot in time. */

import { chunked } from '../../lib/chunked.ts';
import type { OffsetAt } from '../../lib/wall-clock.ts';
import type { Campaign } from '../../model/campaign.ts';
import type { NewChunk, Recipient, Shard, ZonedQuiet } from '../../model/chunk.ts';
import { afterLoud } from '../../model/quiet-spans.ts';
import { CHUNK_SIZE } from '../../model/sizes.ts';
import { expiryOf, LOST_AFTER_MS } from '../../model/timing.ts';
import type { Addressed } from './recipients.ts';
import { slotsOf } from './slots.ts';

/**
 * Bytes of a chunk's recipients before they are compressed. A document of Firestore holds 1 MiB, and a token
 * may have 4 KiB.
 */
const CHUNK_BYTES = 900_000;

interface Page {
  campaign: Campaign;
  shard: Pick<Shard, 'index' | 'wave'>;
  /** the page's number in its shard */
  page: number;
  /** recipients of the shard that earlier pages have frozen; a paced campaign's slots follow from it */
  before: number;
  targets: Addressed['targets'];
  /** the quiet hours that hold for its chunks */
  quiet?: ZonedQuiet | undefined;
  /** the rules of zones, if they are not those of this Node */
  offsetAt?: OffsetAt | undefined;
  /** when the slots of a campaign with a rate begin, in ms since the epoch */
  begin: number;
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
  const { campaign, shard, page, before, targets, begin, quiet, most = CHUNK_SIZE, now } = it;
  const slots = campaign.rate
    ? slotsOf(campaign, campaign.rate.perMinute, shard, begin, passIn(it))
    : null;
  const size = Math.min(most, slots?.size ?? most);
  let frozen = before;
  return targets
    .flatMap(({ recipients, ...rest }) =>
      split(recipients, Math.ceil(recipients.length / size)).map((part) => ({
        ...rest,
        recipients: part,
      })),
    )
    .map(({ turn, ...part }, index) => {
      const notBefore = slots?.at(frozen, part.recipients[0]!, turn?.at) ?? turn?.at ?? 0;
      frozen += part.recipients.length;
      return {
        id: `${campaign.id}.${shard.index}.${page}.${index}`,
        campaignId: campaign.id,
        shard: shard.index,
        app: campaign.app,
        ...part,
        notBefore,
        expiresAt: expiryOf(campaign, Math.max(notBefore, turn ? begunIn(it) : 0)),
        dueAt: Math.max(now, notBefore) + LOST_AFTER_MS,
        ...(turn?.isLate && { isLate: true }),
        ...(turn?.heldUntil !== undefined && { heldUntil: turn.heldUntil }),
        ...(quiet && { quiet }),
      };
    });
}

/** How time passes for the recipients of a chunk, by the zone of the first. */
const passIn = ({ quiet, offsetAt }: Page) =>
  quiet &&
  ((from: number, ms: number, { zone }: Recipient) =>
    afterLoud(quiet, zone, { from, ms }, offsetAt));

/**
 * When the turn of recipients has begun that is theirs already, at the earliest; in ms since the epoch. A
 * local time begins long after its campaign.
 */
const begunIn = ({ campaign: { schedule }, shard: { wave }, now }: Page) =>
  wave?.at ?? (schedule?.local === undefined ? 0 : now);

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
