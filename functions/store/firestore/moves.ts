/**
 * Changes of a campaign's state, each under the condition that its document has not changed
 * meanwhile.
 */

import { FieldValue } from '@google-cloud/firestore';
import {
  type Campaign,
  type CampaignTime,
  type Change,
  noCounts,
  SYSTEM,
  transitions,
} from '../../model/campaign.ts';
import { closedEvent, pausedEvent } from '../../model/campaign-events.ts';
import type { CampaignMove, Store } from '../../ports/ports.ts';
import { requestOf } from '../campaign-request.ts';
import { begins, dueAfter, movedTo, withoutGuard, withoutTask } from '../timeline.ts';
import {
  expiryOf,
  findCampaign,
  historyWith,
  namesAtClose,
  toCampaign,
} from './campaign-fields.ts';
import { unchanged } from './client.ts';
import type { Context } from './context.ts';
import { type CampaignFields, dueOf } from './schema.ts';

export const firestoreMoves = (context: Context) =>
  ({
    moveCampaign: (move) => moveCampaign(context, move),
    reschedule: (id, time, dueAt, at, by) => reschedule(context, { id, time, dueAt, at, by }),
    passCanary: (id, at, reason) => passCanary(context, id, at, reason),
    redriven: (id, task) => redriven(context, id, task),
  }) satisfies Partial<Store>;

function moveCampaign({ client, schema, retentionDays, events }: Context, move: CampaignMove) {
  const { id, from, to, reason, at = Date.now(), by = SYSTEM, guard } = move;
  return client.write(async (writes) => {
    const found = await findCampaign(client, schema, id);
    if (!found) return null;
    const campaign = toCampaign(found);
    const { state } = campaign;
    if (!from.includes(state) || !transitions[state].includes(to)) return null;
    const moved = movedTo(campaign, to, reason, at, guard);
    const fields = found.data() as CampaignFields;
    const dueAt = dueAfter(moved, at);
    const accepted = events.accept(writes, fields, campaign);
    const paused =
      to === 'paused' && events.append(writes, accepted, (seq) => pausedEvent(moved, at, seq));
    const closed = moved.closedAt !== campaign.closedAt && {
      closedAt: moved.closedAt,
      open: FieldValue.delete(),
      ...expiryOf(fields, at, retentionDays),
      ...namesAtClose(fields, at),
      ...events.append(writes, accepted, (seq) => closedEvent(moved, noCounts(), seq)),
    };
    writes.update(
      found.ref,
      {
        state: to,
        reason,
        request: requestOf(moved),
        ...accepted,
        ...paused,
        ...closed,
        due: dueAt === null ? FieldValue.delete() : dueOf(id, dueAt),
        ...historyWith(fields, { at, by, from: state, to, reason }),
      },
      unchanged(found),
    );
    return moved;
  });
}

type Rescheduled = { id: string; time: CampaignTime; dueAt: number; at: number; by: string };

function reschedule(context: Context, { id, time, dueAt, at, by }: Rescheduled) {
  return change(context, id, (campaign) => {
    if (campaign.state !== 'scheduled') return null;
    const changed: Campaign = { ...campaign, schedule: time };
    const stays = { from: 'scheduled', to: 'scheduled' } as const;
    return {
      changed,
      due: dueOf(id, dueAt),
      history: { at, by, ...stays, reason: begins(time) },
    };
  });
}

async function passCanary(context: Context, id: string, at: number, reason: string) {
  const passed = await change(context, id, (campaign) => {
    if (campaign.state !== 'running' || campaign.guard !== 'canary') return null;
    const stays = { from: 'running', to: 'running' } as const;
    return {
      changed: withoutGuard(campaign, at),
      due: FieldValue.delete(),
      history: { at, by: SYSTEM, ...stays, reason },
    };
  });
  return passed !== null;
}

async function redriven(context: Context, id: string, task: string) {
  await change(context, id, (campaign) => {
    if (campaign.task !== task) return null;
    const isWatched = campaign.guard === 'canary';
    return { changed: withoutTask(campaign), ...(!isWatched && { due: FieldValue.delete() }) };
  });
}

/** What a change that leaves the state as it is writes; `due` stays if it is left out. */
interface Changed {
  changed: Campaign;
  due?: string | FieldValue;
  history?: Change;
}

/** Replaces a campaign's request. Null, and nothing is written, if there is none or `make` gives null. */
function change(
  { client, schema }: Context,
  id: string,
  make: (campaign: Campaign) => Changed | null,
): Promise<Campaign | null> {
  return client.write(async (writes) => {
    const found = await findCampaign(client, schema, id);
    const made = found && make(toCampaign(found));
    if (!found || !made) return null;
    const { changed, due, history } = made;
    writes.update(
      found.ref,
      {
        request: requestOf(changed),
        ...(due && { due }),
        ...(history && historyWith(found.data() as CampaignFields, history)),
      },
      unchanged(found),
    );
    return changed;
  });
}
