/** Replaces the names of an erased user in saved segments, schedules and campaigns. */

import type { DocumentReference, DocumentSnapshot } from '@google-cloud/firestore';
import type { Schedule } from '../../model/schedule.ts';
import { withoutNames } from '../erasure.ts';
import { type Client, unchanged } from './client.ts';
import { documentsOf } from './documents.ts';
import { BY_NAME, type Schema } from './schema.ts';

const PAGE = 300;

export function firestoreUserNames(client: Client, { schedules, segments }: Schema) {
  /** `field` is JSON of something with audiences in it. */
  async function drop(found: DocumentSnapshot, field: string, names: string[]) {
    const isNamed = (it: DocumentSnapshot) =>
      names.some((name) => it.get(field).includes(JSON.stringify(name)));
    if (!isNamed(found)) return;
    await client.write(async (writes) => {
      const [it] = await client.get([found.ref as DocumentReference]);
      if (!it?.exists || !isNamed(it)) return;
      const text = withoutNames(it.get(field), names);
      if (field !== 'schedule') return void writes.update(it.ref, { [field]: text }, unchanged(it));
      // a higher version: a process that has read it before must not write it back
      const version = it.get('version') + 1;
      const schedule = JSON.stringify({ ...(JSON.parse(text) as Schedule), version });
      writes.update(it.ref, { schedule, version }, unchanged(it));
    });
  }

  return {
    fromCampaign: (found: DocumentSnapshot, names: string[]) => drop(found, 'request', names),

    async fromWhatIsSaved(names: string[]) {
      for (const [collection, field] of [
        [segments, 'audience'],
        [schedules, 'schedule'],
      ] as const) {
        const query = collection.orderBy(BY_NAME).limit(PAGE);
        for await (const page of documentsOf(client, query))
          for (const it of page) await drop(it, field, names);
      }
    },
  };
}
