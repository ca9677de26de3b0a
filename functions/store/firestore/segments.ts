/** Saved segments. */

import type { DocumentSnapshot } from '@google-cloud/firestore';
import type { Segment } from '../../model/segment.ts';
import type { Store } from '../../ports/ports.ts';
import { partsOf } from '../cursor.ts';
import { firstOf } from '../sorted.ts';
import { type Client, unchanged } from './client.ts';
import { documentsOf } from './documents.ts';
import { appName, BY_NAME, END, type Schema, type SegmentFields } from './schema.ts';

export function firestoreSegments(client: Client, { segments, segment: refOf }: Schema) {
  return {
    putSegment: ({ app, name, audience, updatedAt }) =>
      client.write(async (writes) => {
        const fields: SegmentFields = { audience: JSON.stringify(audience), updatedAt };
        writes.set(refOf(app, name), fields);
      }),

    async getSegment(app, name) {
      const [found] = await client.get([refOf(app, name)]);
      return found?.exists ? toSegment(app, found) : null;
    },

    async listSegments(app, after, limit) {
      const start = `${appName(app)}${END}`;
      const query = segments
        .orderBy(BY_NAME)
        .startAfter(`${start}${after === null ? '' : partsOf(after, /^([\w.-]{1,64})$/)[0]}`)
        .endBefore(`${start}${END}`)
        .limit(limit + 1);
      const { items: found, more } = await firstOf(documentsOf(client, query), limit);
      const items = found.map((it) => toSegment(app, it));
      return { items, next: more ? items.at(-1)!.name : null };
    },

    deleteSegment: (app, name) =>
      client.write(async (writes, attempt) => {
        const [found] = await client.get([refOf(app, name)]);
        if (!found?.exists) return attempt > 1;
        writes.delete(found.ref, unchanged(found));
        return true;
      }),
  } satisfies Partial<Store>;
}

function toSegment(app: string, found: DocumentSnapshot): Segment {
  const { audience, updatedAt } = found.data() as SegmentFields;
  const name = found.id.slice(found.id.indexOf(END) + 1);
  return { app, name, audience: JSON.parse(audience), updatedAt };
}
