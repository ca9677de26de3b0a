/** What `volley watch` says of a campaign that waits for its time, and of its waves as they come. */

import type { CampaignView } from '../http/campaigns/view.ts';
import { startOf } from '../model/waves.ts';
import { count, fold, minuteOf, soon } from './format.ts';

type Wave = NonNullable<CampaignView['waves']>[number];

/** Zones that are named; the others are a number. */
const SHOWN_ZONES = 2;

/** "Europe/Berlin, Europe/Paris and 3 more" */
export function zonesText(zones: readonly string[]): string {
  const more = zones.length - SHOWN_ZONES;
  return zones.slice(0, SHOWN_ZONES).join(', ') + (more > 0 ? ` and ${more} more` : '');
}

const placesOf = ({ of, zones }: Wave) => (of === 'zones' ? zonesText(zones) : 'all other zones');

/** "about 12,000 devices"; an API of an earlier version does not say */
const sizeOf = ({ expected }: Wave) =>
  expected === undefined ? '' : `, ${expected === 0 ? 'few' : `about ${count(expected)}`} devices`;

const isBusy = ({ state }: Wave) => state === 'planning' || state === 'sending';

/** All but that of devices which change their zone meanwhile. */
const timed = ({ waves = [] }: Pick<CampaignView, 'waves'>) =>
  waves.filter((it) => it.of !== 'movers');

/** The wave for which a campaign waits; null: it is being sent, or none is left. */
export function nextWave(campaign: Pick<CampaignView, 'waves'>): Wave | null {
  if (campaign.waves?.some(isBusy)) return null;
  return timed(campaign).find((it) => it.state === 'waiting') ?? null;
}

/** About how many devices are in waves that are not read yet. */
export const expectedIn = ({ waves = [] }: Pick<CampaignView, 'waves'>) =>
  waves.reduce((sum, it) => sum + (it.state === 'waiting' ? (it.expected ?? 0) : 0), 0);

/** How to end a view that may take hours. */
export const leaveText = (id: string) =>
  fold(`Ctrl+C ends only this view; to see it again: volley watch ${id}`, 2);

/** What a campaign waits for, in lines of 80 columns; null: it does not. `now`: ms since the epoch. */
export function waitText(campaign: CampaignView, now: number): string | null {
  const next = nextWave(campaign);
  const text = next ? nextText(campaign, next, now) : beginText(campaign, now);
  return text === null ? null : fold(`${campaign.state}: ${text}`, 2);
}

function nextText(campaign: CampaignView, next: Wave, now: number): string {
  const all = timed(campaign);
  const done = all.filter((it) => it.state === 'done').length;
  const waves = `${all.length} ${all.length === 1 ? 'wave' : 'waves'}`;
  const left = expectedIn(campaign);
  const begins = `begins ${soon(Date.parse(next.at) - now)}, at ${minuteOf(next.at)}, in ${placesOf(next)}${sizeOf(next)}`;
  return [
    done > 0 ? `${done} of ${waves} are done` : waves,
    left > 0 && `, about ${count(left)} devices ${done > 0 ? 'are left' : 'in all'}`,
    `. The ${done > 0 ? 'next' : 'first'} ${begins}`,
    all.at(-1)!.at > next.at && `; the last at ${minuteOf(all.at(-1)!.at)}`,
  ]
    .filter(Boolean)
    .join('');
}

function beginText({ state, schedule }: CampaignView, now: number): string | null {
  if (state !== 'scheduled' || !schedule) return null;
  const { local, at } = schedule;
  if (local === undefined)
    return at === undefined ? null : `it begins ${soon(Date.parse(at) - now)}, at ${minuteOf(at)}`;
  const begin = startOf(local);
  const when =
    begin > now
      ? `The first clock of the world does ${soon(begin - now)}, at ${minuteOf(new Date(begin).toISOString())}`
      : 'Some clocks have shown it already, so it begins now';
  return (
    `each device is sent to when its own clock shows ${local.replace('T', ' ')}. ${when}. ` +
    'How many waves there are is known then'
  );
}

/** What has become of waves since the campaign was shown last: a line for each that has begun or is done. */
export function createWaveNotes() {
  const known = new Map<number, Wave['state']>();
  return (campaign: CampaignView): string[] => {
    const all = timed(campaign);
    const isFirst = known.size === 0;
    return all.flatMap((wave, index) => {
      const before = known.get(index);
      known.set(index, wave.state);
      if (isFirst || before === wave.state) return [];
      const what = `wave ${index + 1} of ${all.length}, ${minuteOf(wave.at)}, ${placesOf(wave)}`;
      return isBusy(wave) && before !== 'waiting' ? [] : noteOf(wave, what);
    });
  };
}

function noteOf(wave: Wave, what: string): string[] {
  const { recipients, accepted, failed, skipped } = wave.counts;
  if (isBusy(wave)) return [fold(`${what}: begins${sizeOf(wave)}`, 2)];
  if (wave.state === 'cancelled') return [fold(`${what}: cancelled`, 2)];
  const rest = [
    failed > 0 && `failed ${count(failed)}`,
    skipped > 0 && `skipped ${count(skipped)}`,
  ];
  const all = [`accepted ${count(accepted)} of ${count(recipients)}`, ...rest.filter(Boolean)];
  return [fold(`${what}: ${all.join(', ')}`, 2)];
}
