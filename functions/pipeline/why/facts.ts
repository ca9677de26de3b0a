/** What is known when it is asked why a device did, or did not, get a campaign. */

import type { Campaign } from '../../model/campaign.ts';
import type { Installation } from '../../model/installation.ts';
import type { DeviceInCampaign } from '../../ports/ports.ts';
import type { DeviceTime } from './turn.ts';

export interface Facts {
  campaign: Campaign;
  installationId: string;
  /** as it is now; null: there is none */
  installation: Installation | null;
  found: DeviceInCampaign;
  /** null: the campaign is sent to all together, or the installation is not known */
  time: DeviceTime | null;
  /** ms since the epoch */
  now: number;
}

/**
 * accepted         the provider took the push; it does not say whether the device shows it
 * failed           it did not, for good
 * skipped          in the audience, and nothing is sent: over a cap, late, cancelled before its turn, a dry run
 * waiting          frozen, and not answered yet
 * in-doubt         sent and not answered: it is sent once more
 * not-planned      its part of the audience is not read yet
 * not-in-audience  not among the recipients
 * not-tracked      a topic or condition: FCM knows its devices, Volley does not
 * unknown          too old: no longer known
 */
export const whyStates = [
  'accepted',
  'failed',
  'skipped',
  'waiting',
  'in-doubt',
  'not-planned',
  'not-in-audience',
  'not-tracked',
  'unknown',
] as const;
export type WhyState = (typeof whyStates)[number];

/** Why there is no push to it: the machine's word for the first sentence of the answer. */
export const absences = [
  'opted-out',
  'conditions',
  'not-named',
  'not-failed-before',
  'registered-later',
  'changed-since',
  'cancelled',
  'not-begun',
  'not-read-yet',
  'topic',
  'upload-expired',
  'too-old',
] as const;
export type AbsenceKind = (typeof absences)[number];

/** The kinds of steps of the timeline, in the order of their times. Others may be added. */
export const stepKinds = [
  'created',
  'planned',
  'registered',
  'frozen',
  'turn',
  'handed-over',
  'accepted',
  'failed',
  'skipped',
  'pruned',
  'waiting',
  'closed',
] as const;
type StepKind = (typeof stepKinds)[number];

/** One thing that happened. */
export interface Step {
  /** ms since the epoch; null: not known */
  at: number | null;
  kind: StepKind;
  text: string;
}

/** Something that may keep a person from seeing the push, or that has changed since. */
export interface Hint {
  kind: (typeof hintKinds)[number];
  text: string;
}
export const hintKinds = [
  'permission-denied',
  'permission-provisional',
  'opted-out',
  'registered-since',
  'moved',
  'removed',
  'no-credentials',
] as const;

/** `2026-11-28 13:05:02 UTC` */
export const timeText = (ms: number) =>
  `${new Date(ms).toISOString().slice(0, 19).replace('T', ' ')} UTC`;

/** `2030-12-24 09:00`, of a local time */
export const localText = (local = '') => local.replace('T', ' ');
