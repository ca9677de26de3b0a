/** Health: what is wrong, apps and their pauses, what the month costs. */

import type { DoctorView } from '../../../http/doctor.ts';
import { count } from '../../format.ts';

const plural = (many: number, what: string) => `${count(many)} ${what}${many === 1 ? '' : 's'}`;

const states: Record<DoctorView['findings'][number]['state'], string> = {
  well: 'Well',
  fault: 'Fault',
  unknown: 'Unknown',
};

export const health = {
  title: 'Health',
  again: 'Check again',
  checks: 'Checks',
  checksMore: 'Each is tried for real, without a push to any device.',
  checking: 'Checking…',
  allWell: 'All is well.',
  sum: (faults: number, unknown: number) =>
    [
      faults > 0 ? (faults === 1 ? '1 fault' : `${faults} faults`) : '',
      unknown > 0 ? `${unknown} not found out` : '',
    ]
      .filter(Boolean)
      .join(', '),
  states,
  apps: 'Apps',
  appsMore: 'A pause stops all campaigns of an app within seconds, and those to come.',
  noApps: 'No app has credentials yet',
  noAppsMore: 'Give Volley the credentials of APNs or FCM, as docs/deploying.md says.',
  table: 'Apps',
  columns: { app: 'App', providers: 'Sends by' },
  actions: 'Actions',
  about: 'about',
  on: 'On',
  paused: 'Paused',
  pausedBy: (by: string) => `by ${by}`,
  pause: 'Pause',
  resume: 'Resume',
  of: (name: string) => ` ${name}`,
  pauseTitle: (app: string) => `Pause everything of ${app}?`,
  pauseMore:
    'All its campaigns that are open are paused, and each new one when it would begin, until the app is resumed. What was accepted by APNs or FCM cannot be taken back.',
  pauseDo: 'Pause the app',
  resumeTitle: (app: string) => `Resume ${app}?`,
  resumeMore:
    'Campaigns that this pause has paused go on immediately. Those paused for another reason do not.',
  resumeDo: 'Resume the app',
  costs: 'Costs',
  costsMore:
    'About what campaigns cost on Google Cloud: by their recipients, at list prices, without free quotas.',
  thisMonth: 'This month',
  lastMonth: 'Last month',
  costOf: (campaigns: number, recipients: number) =>
    `${plural(campaigns, 'campaign')}, ${plural(recipients, 'recipient')}`,
  newest: (campaigns: string) => `Only the newest ${campaigns} campaigns are added up.`,
  changed: (many: number) => `${plural(many, 'campaign')} changed.`,
};
