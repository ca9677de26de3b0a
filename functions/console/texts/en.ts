/** English. A screen's texts are a file beside this one. */

import { campaign } from './en/campaign.ts';
import { campaigns } from './en/campaigns.ts';
import { compose } from './en/compose.ts';
import { devices } from './en/devices.ts';
import { health } from './en/health.ts';
import { keys } from './en/keys.ts';
import { parts } from './en/parts.ts';
import { policy } from './en/policy.ts';
import { schedules } from './en/schedules.ts';
import { problems, session, shell } from './en/shell.ts';
import { triggers } from './en/triggers.ts';
import { waves } from './en/waves.ts';
import { webhooks } from './en/webhooks.ts';

export const en = {
  problems,
  session,
  shell,
  campaigns,
  campaign,
  compose,
  parts,
  schedules,
  devices,
  health,
  policy,
  keys,
  triggers,
  waves,
  webhooks,
};
