/** Why an installation is not among the recipients yet: its part of the audience is not read. */

import type { Campaign } from '../../model/campaign.ts';
import type { ShardWave } from '../../model/chunk.ts';
import type { ShardOfDevice } from '../../ports/ports.ts';
import { waitsForCanary } from '../canary.ts';
import type { AbsenceWords } from './absence-words.ts';
import { type Facts, localText, timeText } from './facts.ts';
import type { DeviceTime } from './turn.ts';

export function notReadYet(
  { campaign, found, time, now }: Facts,
  shards: ShardOfDevice[],
): AbsenceWords {
  const { state, reason, schedule, id } = campaign;
  if (state === 'cancelled' || state === 'cancelling')
    return {
      kind: 'cancelled',
      state: 'skipped',
      summary:
        'The campaign was cancelled before this part of its audience was read: nothing was sent.',
      next: '',
    };
  const meets = campaign.retryOf
    ? `The campaign goes to those that ${campaign.retryOf} failed to reach for a temporary reason`
    : 'The installation meets the audience, as it is now';
  if (state === 'paused')
    return {
      kind: 'not-read-yet',
      state: 'not-planned',
      summary: `${meets}. The campaign is paused (${reason ?? 'no reason given'}), and this part of its audience is not read yet.`,
      next: `When the cause is mended: volley resume ${id}`,
    };
  const unread = shards.find((it) => !it.planned);
  const wave = unread?.wave;
  if (unread && waitsForCanary(campaign, unread.index)) {
    const turn = wave ? ` ${waveText(campaign, wave, time)}` : '';
    return {
      kind: 'not-read-yet',
      state: 'not-planned',
      summary: `${meets}. It is not in the share of the canary: it waits for the canary's result.${turn}`,
      next: `Ask again when the canary has passed: volley report ${id}`,
    };
  }
  if (wave && !(wave.zones !== 'movers' && wave.at <= now))
    return {
      kind: 'not-read-yet',
      state: 'not-planned',
      summary: `${meets}. ${waveText(campaign, wave, time)}`,
      next: `Ask again after that.`,
    };
  if (found.shards.length > 0)
    return {
      kind: 'not-read-yet',
      state: 'not-planned',
      summary: `${meets}. This part of the audience is being read.`,
      next: 'Ask again in a minute.',
    };
  const begins =
    schedule && schedule.at > now ? `begins at ${timeText(schedule.at)}` : 'has not begun yet';
  const turn = time ? ` ${turnText(campaign, time)}` : '';
  return {
    kind: 'not-begun',
    state: 'not-planned',
    summary: `${meets}. The campaign ${begins}: its recipients are not fixed before that.${turn}`,
    next: 'Ask again after it has begun.',
  };
}

/** Its wave, which is not read yet. */
function waveText(campaign: Campaign, wave: ShardWave, time: DeviceTime | null): string {
  if (wave.zones === 'movers')
    return 'Its time zone has changed: if no wave sends to it before, it is sent to when all of them are read.';
  const when = `at ${timeText(wave.at)}`;
  if (wave.isLate) return `Its clock had shown the local time already: it is skipped ${when}.`;
  const where = time ? ` in ${time.zone}` : '';
  if (wave.isHeld) return `It waits for the end of quiet hours${where}, ${when}.`;
  const { local } = campaign.schedule ?? {};
  return `Its wave${where} is ${when}${local ? `, when its clock shows ${localText(local)}` : ''}: it is read a minute before.`;
}

function turnText({ schedule }: Campaign, { zone, turn }: DeviceTime): string {
  const { local } = schedule ?? {};
  if (turn.isLate)
    return `Its clock in ${zone} has shown ${localText(local)} already: it is skipped.`;
  const held = turn.isHeld ? ', when quiet hours end there' : '';
  return `It is sent to at ${timeText(turn.at)}, by its time zone ${zone}${held}.`;
}
