/** Campaigns: created once, moved along the legal transitions, read one by one or newest first. */

import type { DocumentSnapshot } from '@google-cloud/firestore';
import type { Store } from '../../ports/ports.ts';
import { timeAndName } from '../cursor.ts';
import { firstOf, merged } from '../sorted.ts';
import { findCampaign, toCampaign } from './campaign-fields.ts';
import type { Context } from './context.ts';
import { firestoreCreate } from './create.ts';
import { liveOf } from './documents.ts';
import { firestoreMoves } from './moves.ts';
import { END, listedOf, SLOTS } from './schema.ts';
import { firestoreTrials } from './trials.ts';

export function firestoreCampaigns(context: Context) {
  const { client, schema } = context;
  return {
    ...firestoreCreate(context),
    ...firestoreMoves(context),
    ...firestoreTrials(context),

    async getCampaign(id) {
      const found = await findCampaign(client, schema, id);
      return found && toCampaign(found);
    },

    async listCampaigns(after, limit) {
      const [at, id] = after === null ? [Number.MAX_SAFE_INTEGER, END] : timeAndName(after);
      // documents that are read and not shown cost money, so this reads few of each slot
      const size = Math.ceil((limit + 1) / SLOTS.length) + 1;
      const lists = SLOTS.map((slot) => {
        const query = schema.campaigns
          .orderBy('listed', 'desc')
          .startAfter(listedOf(id, at, slot))
          .endAt(`${slot}${END}`)
          .limit(size);
        return liveOf(client, query);
      });
      const timeAndId = (it: DocumentSnapshot): string => it.get('listed').slice(2);
      const newestFirst = merged(lists, (a, b) => (timeAndId(a) < timeAndId(b) ? 1 : -1));
      const { items: found, more } = await firstOf(newestFirst, limit);
      const items = found.map(toCampaign);
      const last = items.at(-1);
      return { items, next: more && last ? `${last.createdAt}.${last.id}` : null };
    },
  } satisfies Partial<Store>;
}
