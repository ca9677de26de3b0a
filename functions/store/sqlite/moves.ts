/** Changes of a campaign's state, each under the condition that it is still in the expected one. */

import { noCounts, SYSTEM, transitions } from '../../model/campaign.ts';
import { closedEvent, pausedEvent } from '../../model/campaign-events.ts';
import type { Store } from '../../ports/ports.ts';
import type { Database } from '../../sqlite/database.ts';
import { requestOf } from '../campaign-request.ts';
import { begins, dueAfter, movedTo, withoutGuard, withoutTask } from '../timeline.ts';
import { findCampaign } from './campaign-rows.ts';
import type { SqliteEvents } from './events.ts';
import type { SqliteHistory } from './history.ts';

export function sqliteMoves(db: Database, events: SqliteEvents, note: SqliteHistory['note']) {
  const { sql, transaction, durably } = db;
  return {
    moveCampaign: async ({ id, from, to, reason, at = Date.now(), by = SYSTEM, guard }) =>
      durably(() => {
        const campaign = findCampaign(db, id);
        if (!campaign || !from.includes(campaign.state)) return null;
        if (!transitions[campaign.state].includes(to)) return null;
        const moved = movedTo(campaign, to, reason, at, guard);
        sql(
          `UPDATE campaigns SET state = ?, reason = ?, closed_at = ?, request = ?, due_at = ?
           WHERE id = ?`,
        ).run(to, reason, moved.closedAt, requestOf(moved), dueAfter(moved, at), id);
        note(id, { at, by, from: campaign.state, to, reason });
        if (to === 'paused') events.append(id, (seq) => pausedEvent(moved, at, seq));
        if (moved.closedAt !== campaign.closedAt)
          events.append(id, (seq) => closedEvent(moved, noCounts(), seq));
        return moved;
      }),

    reschedule: async (id, time, dueAt, at, by) =>
      durably(() => {
        const campaign = findCampaign(db, id);
        if (campaign?.state !== 'scheduled') return null;
        const changed = { ...campaign, schedule: time };
        sql('UPDATE campaigns SET request = ?, due_at = ? WHERE id = ?').run(
          requestOf(changed),
          dueAt,
          id,
        );
        note(id, { at, by, from: 'scheduled', to: 'scheduled', reason: begins(time) });
        return changed;
      }),

    passCanary: async (id, at, reason) =>
      transaction(() => {
        const campaign = findCampaign(db, id);
        if (campaign?.state !== 'running' || campaign.guard !== 'canary') return false;
        sql('UPDATE campaigns SET request = ?, due_at = NULL WHERE id = ?').run(
          requestOf(withoutGuard(campaign, at)),
          id,
        );
        note(id, { at, by: SYSTEM, from: 'running', to: 'running', reason });
        return true;
      }),

    redriven: async (id, task) =>
      transaction(() => {
        const campaign = findCampaign(db, id);
        if (campaign?.task !== task) return;
        const isWatched = campaign.guard === 'canary';
        sql(
          `UPDATE campaigns SET request = ?, due_at = CASE WHEN ? THEN due_at END WHERE id = ?`,
        ).run(requestOf(withoutTask(campaign)), isWatched ? 1 : 0, id);
      }),
  } satisfies Partial<Store>;
}
