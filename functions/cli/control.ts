/** What people do to campaigns that are there, and to all of an app's. */

import type { Command } from 'commander';
import type { AppView } from '../http/apps.ts';
import type { HistoryView } from '../http/control.ts';
import type { CampaignView } from '../http/views.ts';
import type { Means } from './segments.ts';
import { Usage } from './send.ts';

const pathOf = (id: string) => `/v1/campaigns/${encodeURIComponent(id)}`;

export function controlCommands(
  program: Command,
  { client, show }: Pick<Means, 'client' | 'show'>,
) {
  const line = (it: CampaignView) =>
    it.schedule && it.state === 'scheduled'
      ? `${it.id} ${it.state} ${it.schedule.at}`
      : `${it.id} ${it.state}`;

  for (const [verb, description] of [
    ['pause', 'stop a campaign for now'],
    ['cancel', 'stop what has not been sent'],
    ['resume', 'go on with a paused campaign'],
  ] as const)
    program
      .command(verb)
      .argument('<id>')
      .description(description)
      .action(async (id: string) => {
        const campaign = await client().post<CampaignView>(`${pathOf(id)}/${verb}`);
        show(campaign, () => line(campaign));
      });

  program
    .command('reschedule')
    .argument('<id>')
    .requiredOption('--at <time>', 'when it begins instead, as RFC 3339')
    .description('begin a scheduled campaign at another time')
    .action(async (id: string, { at }: { at: string }) => {
      const campaign = await client().put<CampaignView>(`${pathOf(id)}/schedule`, { at });
      show(campaign, () => line(campaign));
    });

  program
    .command('history')
    .argument('<id>')
    .description('who changed the state of a campaign, and when')
    .action(async (id: string) => {
      const { items } = await client().get<HistoryView>(`${pathOf(id)}/history`);
      show({ items }, () =>
        items
          .map(({ at, by, to, reason }) =>
            [at, to.padEnd(10), by, ...(reason === null ? [] : [reason])].join('  '),
          )
          .join('\n'),
      );
    });

  program
    .command('retry-failures')
    .argument('<id>')
    .option('--idempotency-key <key>', 'another one makes another campaign')
    .description('send once more to those who failed for reasons that pass')
    .action(async (id: string, { idempotencyKey: key }: { idempotencyKey?: string }) => {
      const campaign = await client().post<CampaignView>(
        `${pathOf(id)}/retry-failures`,
        undefined,
        key === undefined ? {} : { 'Idempotency-Key': key },
      );
      show(campaign, () => campaign.id);
    });

  program
    .command('app')
    .argument('<verb>', 'pause, resume or cancel')
    .argument('<app>')
    .description('do it to all campaigns of an app; paused, none begins until it is resumed')
    .action(async (verb: string, app: string) => {
      if (!['pause', 'resume', 'cancel'].includes(verb))
        throw new Usage(`"${verb}" is none of pause, resume, cancel`);
      const it = await client().post<AppView>(`/v1/apps/${encodeURIComponent(app)}/${verb}`);
      const state = it.paused ? `off since ${it.paused.at}` : 'on';
      show(it, () => `${it.app} is ${state}; done to ${it.campaigns} campaigns`);
    });
}
