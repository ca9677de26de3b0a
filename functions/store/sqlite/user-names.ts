/**
 * Names of an erased user in what may ask for them: campaigns, saved segments, schedules, uploads.
 */

import { bucketOf } from '../../model/bucket.ts';
import type { Database } from '../../sqlite/database.ts';
import { requestOf } from '../campaign-request.ts';
import { withoutNames } from '../erasure.ts';
import { hashOfName } from './campaign-names.ts';
import { campaignsOf } from './user-chunks.ts';

export function sqliteUserNames(db: Database) {
  const { sql } = db;

  /** `isNamed` is true for JSON that has one of the names in it. */
  async function fromCampaigns(names: string[], isNamed: (json: string) => boolean) {
    for await (const campaign of campaignsOf(db, names.map(hashOfName))) {
      const request = requestOf(campaign);
      if (!isNamed(request)) continue;
      sql('UPDATE campaigns SET request = ? WHERE id = ?').run(
        withoutNames(request, names),
        campaign.id,
      );
    }
  }

  function fromSegments(names: string[], isNamed: (json: string) => boolean) {
    for (const { app, name, audience } of sql<{ app: string; name: string; audience: string }>(
      'SELECT app, name, audience FROM saved_segments',
    ).all())
      if (isNamed(audience))
        sql('UPDATE saved_segments SET audience = ? WHERE app = ? AND name = ?').run(
          withoutNames(audience, names),
          app,
          name,
        );
  }

  function fromSchedules(names: string[], isNamed: (json: string) => boolean) {
    for (const { id, schedule } of sql<{ id: string; schedule: string }>(
      'SELECT id, schedule FROM schedules',
    ).all())
      if (isNamed(schedule))
        // a higher version: a process that has read it before must not write it back
        sql(
          `UPDATE schedules SET version = version + 1,
             schedule = json_set(?, '$.version', version + 1) WHERE id = ?`,
        ).run(withoutNames(schedule, names), id);
  }

  function fromUploads(names: string[]) {
    for (const { id } of sql<{ id: string }>('SELECT id FROM uploads').all())
      for (const name of names)
        sql('DELETE FROM upload_names WHERE upload_id = ? AND bucket = ? AND name = ?').run(
          id,
          bucketOf(name),
          name,
        );
  }

  return {
    /** Replaces the names wherever an audience asks for them, and deletes them from uploads. */
    async forgetNames(names: string[]) {
      const texts = names.map((it) => JSON.stringify(it));
      const isNamed = (json: string) => texts.some((it) => json.includes(it));
      await fromCampaigns(names, isNamed);
      fromSegments(names, isNamed);
      fromSchedules(names, isNamed);
      fromUploads(names);
    },

    /** No campaign is found by the names any more. */
    forgetHashes(names: string[]) {
      const drop = sql('DELETE FROM campaign_names WHERE hash = ?');
      for (const it of names) drop.run(hashOfName(it));
    },
  };
}
