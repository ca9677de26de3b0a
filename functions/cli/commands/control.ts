/** The commands that control a campaign: pause, cancel, resume, reschedule, history, retry-failures. */

import type { Command } from 'commander';
import type { CampaignView } from '../../http/campaigns/view.ts';
import * as answers from '../answers.ts';
import { campaignPath } from '../client/client.ts';
import type { Context } from '../context.ts';
import { table } from '../table.ts';
import { scheduleOf, type TimeOptions, timeOptions } from '../times.ts';
import { Usage } from '../usage.ts';

const ID = '3f1c9a0b5d7e2c4a6b80';

export function controlCommands(program: Command, { client, show }: Context) {
  const command = (name: string, description: string, examples: string[]) =>
    program
      .command(name)
      .description(description)
      .addHelpText('after', ['\nExamples:', ...examples].join('\n  volley '));

  const line = ({ id, state, schedule }: CampaignView) => {
    const time = schedule?.local ? `${schedule.local} local time` : schedule?.at;
    return state === 'scheduled' && time ? `${id} ${state} ${time}` : `${id} ${state}`;
  };

  for (const [verb, description, ...examples] of [
    ['pause', 'pause a campaign', `pause ${ID}`],
    ['cancel', 'cancel a campaign; recipients that are left are skipped', `cancel ${ID}`],
    ['resume', 'resume a paused campaign', `resume ${ID}`, `watch ${ID}`],
  ] as const)
    command(verb, description, examples)
      .argument('<id>')
      .action(async (id: string) => {
        const campaign = await client()
          .expecting(answers.campaign)
          .post(`${campaignPath(id)}/${verb}`);
        show(campaign, () => line(campaign));
      });

  timeOptions(
    command('reschedule', 'reschedule a campaign that has not begun', [
      `reschedule ${ID} --at 2030-12-24T18:00:00+01:00`,
      `reschedule ${ID} \\\n    --at "2030-12-24 18:00" --zone Europe/Berlin`,
      `reschedule ${ID} \\\n    --local "2030-12-24 09:00" --late skip`,
    ]),
  )
    .argument('<id>')
    .action(async (id: string, options: TimeOptions) => {
      const time = scheduleOf(options);
      if (!time) throw new Usage('say when: give --at or --local');
      const campaign = await client()
        .expecting(answers.campaign)
        .put(`${campaignPath(id)}/schedule`, time);
      show(campaign, () => line(campaign));
    });

  command('history', 'list the changes of the state of a campaign', [
    `history ${ID}`,
    `history ${ID} --json`,
  ])
    .argument('<id>')
    .action(async (id: string) => {
      const { items } = await client()
        .expecting(answers.history)
        .get(`${campaignPath(id)}/history`);
      const cells = items.map(({ at, by, to, reason }) => [at, to, by, reason ?? '']);
      show({ items }, () => table(['AT', 'STATE', 'BY', 'REASON'], cells));
    });

  command('retry-failures', 'send again to failures that may pass', [
    `retry-failures ${ID}`,
    `retry-failures ${ID} --idempotency-key third-time`,
  ])
    .argument('<id>')
    .option('--idempotency-key <key>', 'another key makes another campaign')
    .action(async (id: string, { idempotencyKey: key }: { idempotencyKey?: string }) => {
      const campaign = await client()
        .expecting(answers.campaign)
        .post(
          `${campaignPath(id)}/retry-failures`,
          undefined,
          key === undefined ? {} : { 'Idempotency-Key': key },
        );
      show(campaign, () => campaign.id);
    });
}
