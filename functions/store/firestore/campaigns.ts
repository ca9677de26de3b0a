/** Campaigns: created once, moved along the legal transitions, read one by one or newest first. */

import type { DocumentSnapshot, Query } from '@google-cloud/firestore';
import type { Store } from '../../ports/ports.ts';
import { type CampaignList, listed, type Place, type SizeOf } from '../campaign-list.ts';
import { merged, pagesOf } from '../sorted.ts';
import { findCampaign, LISTED_FIELDS, toCampaign } from './campaign-fields.ts';
import type { Context } from './context.ts';
import { firestoreCreate } from './create.ts';
import { firestoreMoves } from './moves.ts';
import { listedOf, OTHER_SLOTS, SLOTS } from './schema.ts';
import { firestoreTrials } from './trials.ts';

export function firestoreCampaigns(context: Context) {
  const { client, schema } = context;
  const list = documentsIn(context);
  return {
    ...firestoreCreate(context),
    ...firestoreMoves(context),
    ...firestoreTrials(context),

    async getCampaign(id) {
      const found = await findCampaign(client, schema, id);
      return found && toCampaign(found);
    },

    listCampaigns: (after, limit, filter = {}) =>
      listed(list, {
        after,
        limit,
        filter,
        campaignOf: (it) => (client.isLive(it) ? toCampaign(it) : null),
      }),
  } satisfies Partial<Store>;
}

function documentsIn({ client, schema }: Context): CampaignList<DocumentSnapshot> {
  const read = async (query: Query) => (await client.read(() => query.get())).docs;

  const inSlot = (slot: string, [at, id]: Place, from: number, size: SizeOf) => {
    let reads = 0;
    const query = schema.campaigns
      .select(...LISTED_FIELDS)
      .orderBy('listed', 'desc')
      .startAfter(listedOf(id, at, slot))
      .endAt(listedOf('', from, slot));
    return pagesOf<DocumentSnapshot>((last) =>
      // documents that are read and not shown cost money, so this reads few of each slot
      read(
        (last ? query.startAfter(last) : query).limit(Math.ceil(size(reads++) / SLOTS.length) + 1),
      ),
    );
  };

  return {
    placeOf: (it) => [it.get('createdAt'), it.id],

    async open(most) {
      const query = schema.campaigns.where('open', '==', true).limit(most + 1);
      // a thousand index entries cost a read
      const counted = await client.read(() => query.count().get());
      if (counted.data().count > most) return null;
      const found = await read(query.select(...LISTED_FIELDS));
      return found.length > most ? null : found;
    },

    newest(part, before, from, size) {
      const slots = [
        ...(part === 'others' ? [] : SLOTS),
        ...(part === 'campaigns' ? [] : OTHER_SLOTS),
      ];
      const lists = slots.map((slot) => inSlot(slot, before, from, size));
      const timeAndId = (it: DocumentSnapshot): string => it.get('listed').slice(2);
      return merged(lists, (a, b) => (timeAndId(a) < timeAndId(b) ? 1 : -1));
    },
  };
}
