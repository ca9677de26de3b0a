/** A chunk as its document stores it. */

import type { DocumentSnapshot } from '@google-cloud/firestore';
import type { Chunk, OpenChunk } from '../../model/chunk.ts';
import type { FrozenPage } from '../../ports/ports.ts';
import type { CappedChunk } from '../capped.ts';
import { openIn } from '../outcomes.ts';
import type { Client } from './client.ts';
import { fromRecipients, outcomesOf, packedOutcomes, recipientsOf } from './recipients.ts';
import {
  type ChunkFields,
  dueOf,
  expiry,
  isId,
  openInOf,
  type RecipientsFields,
  type Schema,
} from './schema.ts';

/** The fields that `toOpenChunk` reads. */
export const OPEN_FIELDS = [
  'id',
  'provider',
  'size',
  'notBefore',
  'attempt',
  'leaseUntil',
  'task',
] as const;

export function toOpenChunk(found: DocumentSnapshot): OpenChunk {
  const it = found.data() as ChunkFields;
  return {
    chunkId: it.id,
    provider: it.provider,
    size: it.size,
    notBefore: it.notBefore,
    attempt: it.attempt,
    leaseUntil: it.leaseUntil,
    task: it.task ?? null,
  };
}

/** The documents of a chunk that is frozen. `slot`: the counter in which it counts. */
export function fromFrozen(
  {
    chunk: { recipients, dueAt, isLate: _, heldUntil: __, quiet, ...it },
    outcomes,
    isSettled,
  }: CappedChunk,
  {
    slot,
    page: { now, cursor },
    retentionDays,
  }: { slot: number; page: Pick<FrozenPage, 'now' | 'cursor'>; retentionDays: number },
): { fields: ChunkFields; recipients: RecipientsFields } {
  const expireAt = expiry(now, retentionDays);
  const { ids, rest } = fromRecipients(recipients);
  return {
    fields: {
      ...it,
      ...(quiet && { quiet }),
      frozenAt: now,
      ...(cursor && { cursorBucket: cursor.bucket, cursorId: cursor.id }),
      size: recipients.length,
      slot,
      attempt: 0,
      leaseId: null,
      leaseUntil: 0,
      done: isSettled,
      ...(outcomes !== null && { outcomes: packedOutcomes(outcomes) }),
      ...(isSettled
        ? { expireAt }
        : { openIn: openInOf(it.campaignId, it.shard, it.id), due: dueOf(it.id, dueAt) }),
    },
    recipients: isSettled ? { ids, expireAt } : { ids, rest },
  };
}

/** `recipients`: the document that has them. */
export const toChunk = (it: ChunkFields, recipients: DocumentSnapshot | undefined): Chunk => ({
  id: it.id,
  campaignId: it.campaignId,
  shard: it.shard,
  app: it.app,
  provider: it.provider,
  environment: it.environment,
  recipients: recipientsOf(it, recipients),
  ...openIn(outcomesOf(it)),
  attempt: it.attempt,
  stalled: it.stalled ?? 0,
  notBefore: it.notBefore,
  expiresAt: it.expiresAt,
  ...(it.quiet && { quiet: it.quiet }),
});

/** A chunk's id begins with its campaign's: `campaign.shard.page.part`. */
export function campaignOf(schema: Schema, chunkId: string) {
  const id = chunkId.split('.').slice(0, -3).join('.');
  return schema.campaign(isId(id) ? id : 'nothing');
}

/**
 * Reads these fields of the chunk and of its campaign, without a lock: every chunk of a campaign reads that
 * document.
 */
export const readChunk = (client: Client, schema: Schema, chunkId: string, fields: string[]) =>
  client.get([schema.chunk(chunkId), campaignOf(schema, chunkId)], fields);

/** Reads the chunk, its campaign and its recipients. */
export const readWhole = (client: Client, schema: Schema, chunkId: string) =>
  client.get([schema.chunk(chunkId), campaignOf(schema, chunkId), schema.recipients(chunkId)]);
