/** Schedules: few, small, and changed by compare and set. */

import { type DocumentSnapshot, FieldValue } from '@google-cloud/firestore';
import type { Schedule } from '../../model/schedule.ts';
import type { Store } from '../../ports/ports.ts';
import { nameIn } from '../cursor.ts';
import { firstOf } from '../sorted.ts';
import { type Client, unchanged } from './client.ts';
import { documentsOf } from './documents.ts';
import { BY_NAME, dueBy, dueOf, isId, type ScheduleFields, type Schema } from './schema.ts';

/** People write them, and a tick that has nothing to do should cost one read. */
const SLOT = '0';
/** Schedules that `dueSchedules` reads in one query. */
const DUE_PAGE = 100;

export function firestoreSchedules(client: Client, { schedules }: Schema) {
  const find = async (id: string): Promise<DocumentSnapshot | null> => {
    if (!isId(id)) return null;
    const [found] = await client.get([schedules.doc(id)]);
    return found?.exists ? found : null;
  };

  return {
    putSchedule: (it, seen) =>
      client.write(async (writes, attempt) => {
        const fields: ScheduleFields = {
          version: it.version,
          schedule: JSON.stringify(it),
          ...(it.nextAt !== null && { due: dueOf(it.id, it.nextAt, SLOT) }),
        };
        const found = await find(it.id);
        // an answer may have been lost
        if (attempt > 1 && found?.get('schedule') === fields.schedule) return true;
        if ((found?.get('version') ?? null) !== seen) return false;
        if (found)
          writes.update(found.ref, { due: FieldValue.delete(), ...fields }, unchanged(found));
        else writes.create(schedules.doc(it.id), fields);
        return true;
      }),

    async getSchedule(id) {
      const found = await find(id);
      return found && readSchedule(found);
    },

    deleteSchedule: (id) =>
      client.write(async (writes, attempt) => {
        const found = await find(id);
        if (!found) return attempt > 1;
        writes.delete(found.ref, unchanged(found));
        return true;
      }),

    async listSchedules(after, limit) {
      const all = schedules.orderBy(BY_NAME).limit(limit + 1);
      const query = after === null ? all : all.startAfter(nameIn(after));
      const { items, more } = await firstOf(documentsOf(client, query), limit);
      return { items: items.map(readSchedule), next: more ? items.at(-1)!.id : null };
    },

    async *dueSchedules(now) {
      const [from, to] = dueBy(SLOT, now);
      const query = schedules.orderBy('due').startAt(from).endAt(to).limit(DUE_PAGE);
      for await (const page of documentsOf(client, query)) yield page.map(readSchedule);
    },
  } satisfies Partial<Store>;
}

const readSchedule = (found: DocumentSnapshot): Schedule => JSON.parse(found.get('schedule'));
