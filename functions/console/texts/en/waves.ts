/** The waves of a campaign: when which devices are sent to. */

import { count } from '../../format.ts';
import { plural } from './plural.ts';

export const waves = {
  title: 'When devices are sent to',
  estimated: 'An estimate: they are counted again when each wave begins.',
  cancelled: (done: number, all: number, cancelled: number) =>
    `${done} of ${all} ${plural(all, 'wave is', 'waves are')} done, ${cancelled} ${plural(cancelled, 'was', 'were')} cancelled.`,
  progress: (done: number, all: number, next: string | null) =>
    `${done} of ${all} ${plural(all, 'wave is', 'waves are')} done${next === null ? '' : `; the next begins ${next}`}.`,
  waiting: (many: string, until: string) =>
    `${many} wait for the end of quiet hours, the last of them until ${until}.`,
  waited: (many: string, until: string) =>
    `${many} waited for the end of quiet hours, the last of them until ${until}.`,
  strip: (waves: number, from: string, to: string) =>
    `${waves} ${plural(waves, 'wave', 'waves')} from ${from} to ${to}.`,
  peak: (many: number, at: string) => `The largest has ${devicesOf(many)}, at ${at}.`,
  devices: (many: number) => devicesOf(many),
  about: (many: number) => `about ${devicesOf(many)}`,
  aboutShort: (many: number) => (many === 0 ? 'few' : `about ${count(many)}`),
  roughly: (many: string) => `~${many}`,
  few: 'few devices',
  now: 'Now',
  kinds: {
    plain: 'Sent to then',
    held: 'After quiet hours',
    late: 'Skipped: its time has passed',
    waiting: 'Waits: about so many',
    unknown: 'Not counted yet',
  },
  lates: {
    now: 'Send immediately',
    'next-day': 'Send at that time of the next day',
    skip: 'Skip these devices',
  },
  table: 'As a table',
  states: {
    waiting: 'Waits',
    planning: 'Is being read',
    sending: 'Is sent',
    done: 'Done',
    cancelled: 'Cancelled',
  },
  at: 'When',
  where: 'Time zones',
  many: 'Devices',
  others: 'All others, and devices that tell none',
  movers: 'Devices that changed their zone meanwhile',
  andMore: (names: string, more: number) => `${names} and ${more} more`,
  zone: (zone: string) => `Times of ${zone}`,
};

function devicesOf(many: number): string {
  return `${count(many)} ${plural(many, 'device', 'devices')}`;
}
