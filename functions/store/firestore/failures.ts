/** What failed, packed: one document for each commit that has failures. */

import type { Transaction } from '@google-cloud/firestore';
import { chunkedBySize } from '../../lib/chunked.ts';
import type { ChunkCommit, Failure } from '../../model/chunk.ts';
import type { Store } from '../../ports/ports.ts';
import { nameAndIndex } from '../cursor.ts';
import { firstOf } from '../sorted.ts';
import { findCampaign, outcomeIn } from './campaign-fields.ts';
import type { Client } from './client.ts';
import { liveOf } from './documents.ts';
import {
  BY_NAME,
  type CampaignFields,
  digest,
  END,
  expiry,
  type FailuresFields,
  isId,
  type Schema,
} from './schema.ts';

/** A document holds 1 MiB, and a failure may hold a token of 4 KiB. */
const MAX_BYTES = 700_000;
/** Documents read in one query. */
const READ = 10;

export function firestoreFailures(client: Client, schema: Schema, retentionDays: number) {
  const { failures, failuresOf } = schema;

  /** The failures of a message that was sent in one attempt, from its own document. */
  async function ofMessage(campaignId: string, after: string | null, limit: number) {
    const found = await findCampaign(client, schema, campaignId);
    const all = (found && outcomeIn(found.data() as CampaignFields))?.failures ?? [];
    const from = after === null ? 0 : 1 + nameAndIndex(after, CURSOR)[1];
    const more = all.length > from + limit;
    return {
      items: all.slice(from, from + limit),
      next: more ? `${IN_MESSAGE}.${from + limit - 1}` : null,
    };
  }

  return {
    /** In order of document, then of recipient: all of a chunk's commit together. */
    async listFailures(campaignId, after, limit) {
      if (!isId(campaignId)) return { items: [], next: null };
      const [start = '', from = -1] = after === null ? [] : nameAndIndex(after, CURSOR);
      const query = failures
        .orderBy(BY_NAME)
        .startAt(`${campaignId}${END}${start}`)
        .endBefore(`${campaignId}${END}${END}`)
        .limit(READ);
      async function* unpacked() {
        for await (const page of liveOf(client, query))
          yield page.flatMap((it): { failure: Failure; cursor: string }[] => {
            const { chunkId, failures } = it.data() as FailuresFields;
            const name = it.id.slice(campaignId.length + 1);
            return (JSON.parse(failures) as Packed[])
              .map((rest, index) => ({
                failure: { campaignId, chunkId, ...rest },
                cursor: `${name}.${index}`,
              }))
              .slice(name === start ? Math.max(0, from + 1) : 0);
          });
      }
      if (start === IN_MESSAGE) return ofMessage(campaignId, after, limit);
      const { items, more } = await firstOf(unpacked(), limit);
      if (after === null && items.length === 0) return ofMessage(campaignId, null, limit);
      return {
        items: items.map((it) => it.failure),
        next: more ? (items.at(-1)?.cursor ?? null) : null,
      };
    },

    insertFailures(writes: Transaction, campaignId: string, commit: ChunkCommit) {
      const { chunkId, leaseId, now } = commit;
      const inOrder = commit.failures.toSorted((a, b) => a.index - b.index);
      // a lease is good for one commit, so this name is too
      const name = `${digest(chunkId)}${END}${digest(leaseId)}`;
      for (const [part, packed] of inParts(inOrder).entries())
        writes.create(failuresOf(campaignId, `${name}${END}${part}`), {
          campaignId,
          chunkId,
          failures: packed,
          expireAt: expiry(now, retentionDays),
        } satisfies FailuresFields);
    },
  } satisfies Partial<Store> & Record<string, unknown>;
}

type Packed = ChunkCommit['failures'][number];

/** JSON lists, none too large for a document. */
function inParts(failures: Packed[]): string[] {
  const texts = failures.map((it) => JSON.stringify(it));
  const parts = chunkedBySize(texts, { bytes: MAX_BYTES }, (it) => Buffer.byteLength(it) + 1);
  return parts.map((some) => `[${some.join(',')}]`);
}

/** Stands in the cursor for the name of a document. */
const IN_MESSAGE = 'message';

const CURSOR = /^([\w~]{1,100})\.(\d{1,9})$/;
