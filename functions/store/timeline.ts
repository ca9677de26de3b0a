/** The timeline of a campaign as both stores keep it: what a start and a move make of the record. */

import { isDeepStrictEqual } from 'node:util';
import {
  type Campaign,
  type CampaignState,
  type CampaignTime,
  type Change,
  MAX_HISTORY,
  type Trial,
} from '../model/campaign.ts';
import { LOST_AFTER_MS } from '../model/timing.ts';
import type { CampaignStart, PlannedShard } from '../ports/ports.ts';

/** True if the campaign was not planned before, and its time has come and is that for which it was planned. */
export const mayStart = (
  { state, shards, schedule }: Campaign,
  { at, schedule: planned = schedule }: { at: number } & Pick<CampaignStart, 'schedule'>,
) =>
  shards === 0 &&
  (state === 'accepted' ||
    state === 'cancelling' ||
    (state === 'scheduled' &&
      (schedule === undefined || schedule.at <= at) &&
      isDeepStrictEqual(planned, schedule)));

export const startedAt = (
  { sending: _, ...it }: Campaign,
  {
    at,
    expected,
    waves,
    parts,
    canaryShards,
  }: { at: number } & Pick<CampaignStart, 'expected' | 'waves' | 'parts' | 'canaryShards'>,
): Campaign => ({
  ...it,
  ...(waves && { waves }),
  ...(parts !== undefined && { parts }),
  ...(it.canary && canaryShards !== undefined && { canaryShards }),
  ...(it.state !== 'cancelling' && {
    state: 'running',
    ...(expected !== undefined && { expected }),
    ...(it.schedule && { startedAt: at }),
    ...(it.canary && { guard: 'canary' as const }),
  }),
});

/** When the sweep should look after a new shard, in ms: one of a wave not before that wave is lost. */
export const dueOfShard = ({ wave }: PlannedShard, dueAt: number) =>
  wave ? Math.max(dueAt, wave.at + LOST_AFTER_MS) : dueAt;

/** After a move to one of these, open work is to be put back on its queues. */
const goesOn: readonly CampaignState[] = ['accepted', 'running', 'cancelling'];

/** The campaign after a move. A scheduled one that is cancelled closes. */
export const movedTo = (
  { task: _, ...it }: Campaign,
  to: CampaignState,
  reason: string | null,
  at: number,
  guard: Campaign['guard'],
): Campaign => ({
  ...it,
  state: to,
  reason,
  ...(guard && { guard }),
  // it was paused before it began
  ...(to === 'accepted' && { startedAt: at }),
  ...(guard === 'off' && it.guard === 'canary' && { startedAt: at }),
  ...(it.state === 'scheduled' && to === 'cancelled' && { closedAt: at }),
  ...(goesOn.includes(to) && { task: `${to}-${at}` }),
});

/** When the sweep should look after a moved campaign, in ms; null if it has nothing to do. */
export const dueAfter = ({ state }: Campaign, at: number) =>
  goesOn.includes(state) ? at + LOST_AFTER_MS : null;

export const begins = ({ at, local }: CampaignTime) =>
  `begins at ${local === undefined ? new Date(at).toISOString() : `${local} of each device's clock`}`;

/** The rest begins at that time: its slots and its times to live count from there. */
export const withoutGuard = ({ guard: _, ...it }: Campaign, at: number): Campaign => ({
  ...it,
  startedAt: at,
});

/** The history with one more change. Keeps the first change and the latest ones. */
export const noted = (history: readonly Change[], change: Change): Change[] =>
  history.length < MAX_HISTORY
    ? [...history, change]
    : [history[0]!, ...history.slice(2 - MAX_HISTORY), change];

/** Longest time of a trial, in ms. A later end comes from a clock that was ahead. */
const MOST_MS = 60_000;

/** Who may try a campaign's message at a provider (`Campaigns.claimTrial`). */
export function turnOf(
  trial: Trial | undefined,
  by: string,
  now: number,
): 'accepted' | 'ours' | 'other' {
  if (trial === undefined) return 'ours';
  if ('acceptedAt' in trial) return 'accepted';
  const over = trial.until <= now || trial.until > now + MOST_MS;
  return trial.by === by || over ? 'ours' : 'other';
}

/** The campaign once its open work is back on its queues. */
export const withoutTask = ({ task: _, ...campaign }: Campaign): Campaign => campaign;
