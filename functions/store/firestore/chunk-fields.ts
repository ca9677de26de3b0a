/** A chunk as its document stores it. */

import type { DocumentSnapshot } from '@google-cloud/firestore';
import type { Chunk, NewChunk, OpenChunk } from '../../model/chunk.ts';
import type { FrozenPage } from '../../ports/ports.ts';
import { openIn } from '../outcomes.ts';
import type { Client } from './client.ts';
import { outcomesOf, recipientsOf } from './recipients.ts';
import { type ChunkFields, dueOf, isId, openInOf, type Schema } from './schema.ts';

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

/** `slot`: the counter in which it counts. */
export const fromNewChunk = (
  { recipients, dueAt, ...it }: NewChunk,
  slot: number,
  { now, cursor }: Pick<FrozenPage, 'now' | 'cursor'>,
): ChunkFields => ({
  ...it,
  frozenAt: now,
  ...(cursor && { cursorBucket: cursor.bucket, cursorId: cursor.id }),
  size: recipients.length,
  slot,
  attempt: 0,
  leaseId: null,
  leaseUntil: 0,
  done: false,
  openIn: openInOf(it.campaignId, it.shard, it.id),
  due: dueOf(it.id, dueAt),
});

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
