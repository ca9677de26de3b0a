/**
 * The outbox, and the timeline of each campaign. An event of the timeline has a number and is kept, as is the
 * last event of progress; any other event is deleted once it is published.
 */

import type { CampaignEvent, EventType } from '../../model/event.ts';
import { ANNOUNCE_WITHIN_MS } from '../../model/timing.ts';
import type { Overdue } from '../../model/work.ts';
import type { Store } from '../../ports/ports.ts';
import type { Database } from '../../sqlite/database.ts';

interface EventRow {
  id: string;
  subject: string;
  /** null: not part of the timeline */
  seq: number | null;
  type: EventType;
  app: string | null;
  at: number;
  /** JSON */
  data: string;
  /** null: published */
  due_at: number | null;
}

export type SqliteEvents = ReturnType<typeof sqliteEvents>;

export function sqliteEvents({ sql, together }: Database) {
  function insert(it: CampaignEvent, seq: number | null) {
    sql('INSERT OR IGNORE INTO events VALUES (?,?,?,?,?,?,?,?)').run(
      it.id,
      it.subject,
      seq,
      it.type,
      it.app,
      it.at,
      JSON.stringify(it.data),
      it.at + ANNOUNCE_WITHIN_MS,
    );
  }

  const verbs = {
    unpublished: async (subject) =>
      sql<EventRow>('SELECT * FROM events WHERE subject = ? AND due_at IS NOT NULL')
        .all(subject)
        .sort(byTimeline)
        .map(toEvent),

    published: (events) =>
      together(() => {
        const keep = sql(
          `UPDATE events SET due_at = NULL
           WHERE id = ? AND (seq IS NOT NULL OR type = 'campaign.progress')`,
        );
        const drop = sql(
          `DELETE FROM events WHERE id = ? AND seq IS NULL AND type <> 'campaign.progress'`,
        );
        for (const { id } of events) if (keep.run(id).changes === 0) drop.run(id);
      }),

    timeline: async (campaignId, after) =>
      sql<EventRow & { seq: number }>(
        'SELECT * FROM events WHERE subject = ? AND seq > ? ORDER BY seq',
      )
        .all(campaignId, after)
        .map((row) => ({ seq: row.seq, event: toEvent(row) })),
  } satisfies Partial<Store>;

  return {
    ...verbs,

    /** Stores events in the transaction of what they tell of. */
    store(events: CampaignEvent[]) {
      for (const it of events) insert(it, null);
    },

    /** Stores the next event of a campaign's timeline. `make` gets its number. */
    append(campaignId: string, make: (seq: number) => CampaignEvent) {
      const last = sql<{ seq: number | null }>(
        'SELECT MAX(seq) AS seq FROM events WHERE subject = ?',
      ).get(campaignId);
      const seq = (last?.seq ?? 0) + 1;
      insert(make(seq), seq);
    },

    /**
     * Stores an event of progress in place of the published ones. False, and nothing is stored, if the last one
     * is younger than `since` (ms).
     */
    progressed(event: CampaignEvent, since: number): boolean {
      const { subject } = event;
      const ofProgress = `subject = ? AND seq IS NULL AND type = 'campaign.progress'`;
      const last = sql<{ at: number | null }>(
        `SELECT MAX(at) AS at FROM events WHERE ${ofProgress}`,
      ).get(subject);
      if (last?.at != null && last.at > since) return false;
      sql(`DELETE FROM events WHERE ${ofProgress} AND due_at IS NULL`).run(subject);
      insert(event, null);
      return true;
    },

    /** Called by the sweep, in its transaction. */
    overdue(now: number, next: number, limit: number): Overdue[] {
      const rows = sql<EventRow & { due_at: number }>(
        'SELECT * FROM events WHERE due_at <= ? ORDER BY due_at LIMIT ?',
      ).all(now, limit);
      const postpone = sql('UPDATE events SET due_at = ? WHERE id = ?');
      for (const { id } of rows) postpone.run(next, id);
      return rows.map((row) => ({ kind: 'event', event: toEvent(row), dueAt: row.due_at }));
    },
  };
}

/** Sorted here, since SQLite makes a table to sort three rows. */
const byTimeline = (a: EventRow, b: EventRow) =>
  (a.seq ?? Infinity) - (b.seq ?? Infinity) || a.at - b.at || (a.id < b.id ? -1 : 1);

const toEvent = ({ id, type, subject, app, at, data }: EventRow): CampaignEvent => ({
  id,
  type,
  subject,
  app,
  at,
  data: JSON.parse(data),
});
