/**
 * Changes of a campaign's state, each under the condition that its document has not changed
 * meanwhile.
 */

import { FieldValue } from '@google-cloud/firestore';
import { noCounts, SYSTEM, transitions } from '../../model/campaign.ts';
import { closedEvent, pausedEvent } from '../../model/campaign-events.ts';
import type { Store } from '../../ports/ports.ts';
import { begins, dueAfter, movedTo, withoutGuard, withoutTask } from '../timeline.ts';
import { expiryOf, findCampaign, historyWith, requestOf, toCampaign } from './campaign-fields.ts';
import { type Client, unchanged } from './client.ts';
import type { EventWriter } from './events.ts';
import { type CampaignFields, dueOf, type Schema } from './schema.ts';

export function firestoreMoves(
  client: Client,
  schema: Schema,
  retentionDays: number,
  events: EventWriter,
) {
  const find = (id: string) => findCampaign(client, schema, id);

  return {
    moveCampaign: (id, from, to, reason, at = Date.now(), by = SYSTEM, guard) =>
      client.write(async (writes) => {
        const found = await find(id);
        if (!found) return null;
        const campaign = toCampaign(found);
        if (!from.includes(campaign.state) || !transitions[campaign.state].includes(to))
          return null;
        const moved = movedTo(campaign, to, reason, at, guard);
        const fields = found.data() as CampaignFields;
        const dueAt = dueAfter(moved, at);
        const paused =
          to === 'paused' && events.append(writes, fields, (seq) => pausedEvent(moved, at, seq));
        const closed = moved.closedAt !== campaign.closedAt && {
          closedAt: moved.closedAt,
          open: FieldValue.delete(),
          ...expiryOf(fields, at, retentionDays),
          ...events.append(writes, fields, (seq) => closedEvent(moved, noCounts(), seq)),
        };
        writes.update(
          found.ref,
          {
            state: to,
            reason,
            request: requestOf(moved),
            ...paused,
            ...closed,
            due: dueAt === null ? FieldValue.delete() : dueOf(id, dueAt),
            ...historyWith(fields, { at, by, from: campaign.state, to, reason }),
          },
          unchanged(found),
        );
        return moved;
      }),

    reschedule: (id, startAt, dueAt, at, by) =>
      client.write(async (writes) => {
        const found = await find(id);
        const campaign = found && toCampaign(found);
        if (!found || campaign?.state !== 'scheduled') return null;
        const changed = { ...campaign, schedule: { at: startAt } };
        writes.update(
          found.ref,
          {
            request: requestOf(changed),
            due: dueOf(id, dueAt),
            ...historyWith(found.data() as CampaignFields, {
              at,
              by,
              from: 'scheduled',
              to: 'scheduled',
              reason: begins(startAt),
            }),
          },
          unchanged(found),
        );
        return changed;
      }),

    passCanary: (id, at, reason) =>
      client.write(async (writes) => {
        const found = await find(id);
        const campaign = found && toCampaign(found);
        if (!found || campaign?.state !== 'running' || campaign.guard !== 'canary') return false;
        writes.update(
          found.ref,
          {
            request: requestOf(withoutGuard(campaign, at)),
            due: FieldValue.delete(),
            ...historyWith(found.data() as CampaignFields, {
              at,
              by: SYSTEM,
              from: 'running',
              to: 'running',
              reason,
            }),
          },
          unchanged(found),
        );
        return true;
      }),

    redriven: (id, task) =>
      client.write(async (writes) => {
        const found = await find(id);
        const campaign = found && toCampaign(found);
        if (!found || campaign?.task !== task) return;
        writes.update(
          found.ref,
          {
            request: requestOf(withoutTask(campaign)),
            ...(campaign.guard !== 'canary' && { due: FieldValue.delete() }),
          },
          unchanged(found),
        );
      }),
  } satisfies Partial<Store>;
}
