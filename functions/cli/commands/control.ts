/** What people do to campaigns that are there, and to all of an app's. */

import type { Command } from 'commander';
import type { AppView } from '../../http/apps.ts';
import type { HistoryView } from '../../http/campaigns/control.ts';
import type { CampaignView } from '../../http/campaigns/view.ts';
import { Usage } from '../campaign-request.ts';
import { fold } from '../format.ts';
import type { Means } from './segments.ts';

const pathOf = (id: string) => `/v1/campaigns/${encodeURIComponent(id)}`;
const ID = '3f1c9a0b5d7e2c4a6b80';

const APP_VERBS = ['show', 'pause', 'resume', 'cancel'];

export function controlCommands(
  program: Command,
  { client, show }: Pick<Means, 'client' | 'show'>,
) {
  const command = (name: string, description: string, examples: string[]) =>
    program
      .command(name)
      .description(description)
      .addHelpText('after', ['\nExamples:', ...examples].join('\n  volley '));

  const line = (it: CampaignView) =>
    it.schedule && it.state === 'scheduled'
      ? `${it.id} ${it.state} ${it.schedule.at}`
      : `${it.id} ${it.state}`;

  for (const [verb, description, ...examples] of [
    ['pause', 'stop a campaign for now', `pause ${ID}`],
    ['cancel', 'stop what has not been sent', `cancel ${ID}`],
    ['resume', 'go on with a paused campaign', `resume ${ID}`, `watch ${ID}`],
  ] as const)
    command(verb, description, examples)
      .argument('<id>')
      .action(async (id: string) => {
        const campaign = await client().post<CampaignView>(`${pathOf(id)}/${verb}`);
        show(campaign, () => line(campaign));
      });

  command('reschedule', 'begin a scheduled campaign at another time', [
    `reschedule ${ID} --at 2026-12-24T18:00:00+01:00`,
  ])
    .argument('<id>')
    .requiredOption('--at <time>', 'when it begins instead, as RFC 3339')
    .action(async (id: string, { at }: { at: string }) => {
      const campaign = await client().put<CampaignView>(`${pathOf(id)}/schedule`, { at });
      show(campaign, () => line(campaign));
    });

  command('history', 'who changed the state of a campaign, and when', [
    `history ${ID}`,
    `history ${ID} --json`,
  ])
    .argument('<id>')
    .action(async (id: string) => {
      const { items } = await client().get<HistoryView>(`${pathOf(id)}/history`);
      show({ items }, () =>
        items
          .map(({ at, by, to, reason }) =>
            fold(`${at} ${to.padEnd(10)} ${by}${reason === null ? '' : `: ${reason}`}`, 36),
          )
          .join('\n'),
      );
    });

  command('retry-failures', 'send once more to those who failed for reasons that pass', [
    `retry-failures ${ID}`,
    `retry-failures ${ID} --idempotency-key third-time`,
  ])
    .argument('<id>')
    .option('--idempotency-key <key>', 'another one makes another campaign')
    .action(async (id: string, { idempotencyKey: key }: { idempotencyKey?: string }) => {
      const campaign = await client().post<CampaignView>(
        `${pathOf(id)}/retry-failures`,
        undefined,
        key === undefined ? {} : { 'Idempotency-Key': key },
      );
      show(campaign, () => campaign.id);
    });

  command('apps', 'do it to all of an app: paused, none begins until it is resumed', [
    'apps show default',
    'apps pause default',
  ])
    .alias('app')
    .argument('<verb>', APP_VERBS.join(', '))
    .argument('<app>')
    .action(async (verb: string, app: string) => {
      if (!APP_VERBS.includes(verb))
        throw new Usage(`"${verb}" is none of ${APP_VERBS.join(', ')}`);
      const path = `/v1/apps/${encodeURIComponent(app)}`;
      const it: Omit<AppView, 'campaigns'> & { campaigns?: number } =
        verb === 'show' ? await client().get(path) : await client().post(`${path}/${verb}`);
      const state = it.paused ? `off since ${it.paused.at} by ${it.paused.by}` : 'on';
      const done = it.campaigns === undefined ? '' : `; done to ${it.campaigns} campaigns`;
      show(it, () => fold(`${it.app} is ${state}${done}`, 2));
    });
}
