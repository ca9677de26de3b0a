/** The policy of an app: what holds for all of its campaigns. */

import type { AppPolicyView } from '../../../http/app-policy.ts';

const units = { h: 'hours', d: 'days' };

const timeOf = (per: string) => {
  const [many, unit] = [per.slice(0, -1), per.endsWith('d') ? units.d : units.h];
  return many === '1' ? `1 ${unit.slice(0, -1)}` : `${many} ${unit}`;
};

export const policy = {
  column: 'Policy',
  change: 'Change',
  changed: 'The policy is changed.',
  title: (app: string) => `Policy of ${app}`,
  save: 'Save',
  receipts: {
    title: 'Receipts',
    on: 'Receipts on',
    off: 'Receipts off',
    share: (share: string) => `${share} report a delivery`,
    more: 'For campaigns that are accepted from now on, everywhere within 30 seconds.',
    enabled: 'Pushes carry the id of their campaign, so that apps can report what became of them',
    delivered: 'Devices that report a delivery, in percent',
    deliveredMore: 'Each report costs a write. Openings are reported by all.',
  },
  caps: {
    title: 'Most campaigns a device gets',
    more: 'A device that has got as many is skipped, also by campaigns that were accepted before and are not sent yet. Messages, tests and retries are free.',
    most: (caps: AppPolicyView['caps']) =>
      `At most ${caps.map(({ max, per }) => `${max} in ${timeOf(per)}`).join(', ')}`,
    within: 'campaigns within',
    units,
    add: 'Add a cap',
    enough: 'An app has three caps at most.',
    remove: 'Remove',
    removed: (number: number) => ` cap ${number}`,
    maxOf: (number: number) => `Campaigns of cap ${number}`,
    timeOf: (number: number) => `Time of cap ${number}`,
    unitOf: (number: number) => `Hours or days of cap ${number}`,
  },
  quiet: {
    title: 'Quiet hours',
    enabled: 'Campaigns wait while it is quiet where a device is',
    more: "By each device's own clock. They hold also for messages with a category; tests, and messages without one, go immediately.",
    from: 'From',
    to: 'Until',
    zone: 'Default time zone',
    zoneMore: 'Of devices that tell none: for quiet hours, and for campaigns at local time.',
    said: (from: string, to: string) => `Quiet ${from} to ${to}`,
    none: 'No quiet hours',
  },
  exempt: {
    title: 'Exempt categories',
    more: 'Separated by commas, such as security. Their messages reach a device over its caps, do not count, and do not wait for the end of quiet hours.',
    but: (exempt: string[]) => `but all of ${exempt.join(', ')}`,
  },
};
