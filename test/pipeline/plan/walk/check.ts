/** What a walk must have led to: each device once, at its time, and counts that say the same. */

import assert from 'node:assert/strict';
import type { Campaign, Counts } from '../../../../functions/model/campaign.ts';
import { standingOf } from '../../../../functions/pipeline/waves.ts';
import type { Sent } from '../../script.ts';
import { DAY, MINUTE, type World } from '../../world.ts';
import type { Started } from './campaigns.ts';
import { firstShown, firstWhen, isQuiet, textOf } from './clocks.ts';
import type { Devices } from './devices.ts';
import { type Frozen, isExempt } from './frozen.ts';

/** What a walk had, as far as what must be depends on it. */
export interface Walked {
  /** no deaths and no pauses: all is on time */
  calm: boolean;
  policies: boolean;
  skewed: boolean;
  flaky: boolean;
  /** whether the rules of a zone changed */
  rulesChanged: boolean;
}

export interface Closed {
  started: Started;
  campaign: Campaign;
  counts: Counts;
  frozen: Frozen[];
  sent: Map<string, Sent[]>;
  devices: Devices;
  walked: Walked;
  say(text: string): void;
}

/** Each is frozen once, and sent to unless it was late or over a cap. */
export function checkOnce({ started, counts, frozen, sent, devices, walked, say }: Closed) {
  const times = Map.groupBy(frozen, (it) => it.device);
  for (const [id, those] of times) if (those.length > 1) say(`${id}: frozen ${those.length} times`);
  for (const [id, those] of sent)
    if (those.length > 1 && !walked.flaky) say(`${id}: sent to ${those.length} times`);
  const late = frozen.filter((it) => it.late).length;
  const capped = frozen.filter((it) => it.capped).length;
  const { skippedBy } = counts;
  if ((skippedBy?.late ?? 0) !== late) say(`${skippedBy?.late} late, and not ${late}`);
  if ((skippedBy?.capped ?? 0) !== capped) say(`${skippedBy?.capped} capped, and not ${capped}`);
  if (started.isCancelled) return;
  for (const { id, joined, deleted, wavered, optedOutOf } of devices.all) {
    const mayMiss = joined || deleted || wavered || started.list?.has(id) === false;
    const isOut = started.request.message.category === 'news' && optedOutOf.includes('news');
    if (!mayMiss && !isOut && !times.has(id)) say(`${id}: lost`);
  }
  for (const it of frozen)
    if (sent.has(it.device) === (it.late || it.capped))
      say(`${it.device}: late ${it.late}, capped ${it.capped}, sent ${sent.has(it.device)}`);
  if (counts.accepted !== frozen.length - late - capped) say(`${counts.accepted} accepted`);
}

/** The waves add up to the campaign, and are over. */
export async function checkWaves(world: World, { campaign, counts, say }: Closed) {
  if (!campaign.waves) return;
  const { waves } = await standingOf(world.store, campaign);
  const sum = waves.reduce((all, it) => all + it.counts.recipients, 0);
  if (sum !== counts.recipients) say(`waves of ${sum} recipients, of ${counts.recipients}`);
  for (const { state } of waves)
    if (state !== 'done' && state !== 'cancelled') say(`a wave is ${state}`);
}

/** When a device is due, by the clock on its wall and the rules when it was frozen; quiet hours aside. */
function dueOf({ started, campaign }: Closed, it: Frozen) {
  const { zone: told, policy, offset } = it;
  const zone = told === undefined || told.startsWith('Mars') ? policy.defaultZone : told;
  const quiet = isExempt(policy, started.request.message.category) ? null : policy.quiet;
  const { local, late } = started.request.schedule ?? {};
  const rules = { zone, quiet, offset };
  if (local === undefined)
    return { ...rules, due: campaign.schedule?.at ?? campaign.createdAt, isLate: false };
  const first = firstShown(zone, local, offset);
  if (first >= started.since) return { ...rules, due: first, isLate: false };
  const tomorrow = textOf(Date.parse(`${local}Z`) + DAY);
  const again = late === 'next-day' ? firstShown(zone, tomorrow, offset) : started.since;
  return { ...rules, due: Math.max(again, started.since), isLate: late === 'skip' };
}

/** None is sent to early, in quiet hours, or where all is calm, late; a push expires when they begin. */
export function checkTimes(it: Closed) {
  const { started, campaign, frozen, sent, devices, walked, say } = it;
  if (walked.rulesChanged) return;
  const slack = walked.skewed ? 5 * MINUTE : 0;
  const { schedule, rate, canary } = started.request;
  for (const one of frozen) {
    if (devices.get(one.device).joined) continue;
    const { zone, quiet, offset, due, isLate } = dueOf(it, one);
    const movedSince = one.movedAt >= started.since;
    const tell = (at: number, why: string) =>
      say(`${one.device} in ${one.zone} at ${new Date(at).toISOString()}: ${why}`);
    if (one.late !== (isLate && !movedSince)) tell(started.since, `is late: ${one.late}`);
    const pushes = sent.get(one.device) ?? [];
    for (const { at } of pushes)
      if ([-slack, slack].every((by) => isQuiet(quiet, zone, at + by, offset)))
        tell(at, 'is quiet');
    const [push] = pushes;
    if (!push) continue;
    const mayBeEarly = movedSince && schedule?.late !== 'now';
    if (push.at + slack < due && !mayBeEarly) tell(push.at, `not before ${textOf(due)}`);
    const isMover = one.movedAt >= campaign.createdAt - DAY;
    const best = firstWhen(false, quiet, zone, due, offset);
    if (walked.calm && !walked.policies && !isMover && !rate && !canary && push.at > best + MINUTE)
      tell(push.at, `at ${textOf(best)} it could be`);
    if (!quiet || walked.skewed) continue;
    const border = firstWhen(true, quiet, zone, push.at, offset);
    if (push.deliverBy === undefined || push.deliverBy > border) tell(push.at, 'expires too late');
  }
}

/** Those that wait for the end of quiet hours are counted, until when too. */
export function checkHeld(it: Closed) {
  const { started, campaign, counts, frozen, walked, say } = it;
  const { rate, canary } = started.request;
  const { calm, policies, flaky, rulesChanged } = walked;
  if (!calm || policies || flaky || rulesChanged || rate || canary) return;
  for (const one of frozen) {
    if (one.late || one.movedAt >= campaign.createdAt - DAY) continue;
    const { zone, quiet, offset, due } = dueOf(it, one);
    const end = firstWhen(false, quiet, zone, due, offset);
    const until = end > due ? end : undefined;
    if (one.heldUntil !== until)
      say(`${one.device}: held until ${one.heldUntil}, and not ${until}`);
  }
  const held = frozen.filter((one) => !one.capped).flatMap((one) => one.heldUntil ?? []);
  const until = held.length > 0 ? Math.max(...held) : undefined;
  assert.deepEqual([counts.held ?? 0, counts.heldUntil], [held.length, until]);
}
