/** `volley schedule …`: campaigns that are sent again and again. */

import { readFile } from 'node:fs/promises';
import type { Command } from 'commander';
import type { ScheduleView } from '../http/schedules.ts';
import type { CampaignView } from '../http/views.ts';
import type { Means } from './segments.ts';
import { Usage } from './send.ts';

interface Options {
  name: string;
  cron: string;
  zone: string;
  until?: string;
  maxRuns?: string;
  missed?: string;
}

const pathOf = (id: string) => `/v1/schedules/${encodeURIComponent(id)}`;

export function scheduleCommands(program: Command, { client, show }: Means) {
  const schedule = program
    .command('schedule')
    .description('campaigns that are sent again and again')
    .addHelpText(
      'after',
      `
Examples:
  volley schedule add campaign.json --name Morning --cron "30 9 * * 1-5" --zone Europe/Berlin
  volley schedule list
  volley schedule pause 3f1c9a0b5d7e2c4a6b80`,
    );

  const verb = (name: string, description: string) =>
    schedule.command(name).description(description);

  verb('add', 'send the campaign of a file at these times')
    .argument('<file>', 'a campaign as JSON')
    .requiredOption('--cron <fields>', 'minute, hour, day of the month, month, day of the week')
    .requiredOption('--name <name>')
    .option('--zone <zone>', 'such as Europe/Berlin', 'UTC')
    .option('--until <time>', 'no run after that, as RFC 3339')
    .option('--max-runs <n>')
    .option('--missed <what>', 'of runs missed while the system was down: once or skip', 'once')
    .action(async (file: string, options: Options) => {
      const { name, cron, zone: timeZone, until, maxRuns, missed } = options;
      const made = await client().post<ScheduleView>('/v1/schedules', {
        ...{ name, cron, timeZone, missed, campaign: await campaignOf(file) },
        ...(until !== undefined && { until }),
        ...(maxRuns !== undefined && { maxRuns: Number(maxRuns) }),
      });
      show(made, () => details(made));
    });

  verb('list', 'all of them').action(async () => {
    const items: ScheduleView[] = [];
    for (let after: string | null = ''; after !== null; ) {
      const query = new URLSearchParams({ limit: '100', ...(after && { after }) });
      const page: { items: ScheduleView[]; next: string | null } = await client().get(
        `/v1/schedules?${query}`,
      );
      items.push(...page.items);
      after = page.next;
    }
    show({ items }, () => items.map(line).join('\n') || 'no schedules');
  });

  verb('show', 'one, with its next ten runs')
    .argument('<id>')
    .action(async (id: string) => {
      const it = await client().get<ScheduleView>(pathOf(id));
      show(it, () => details(it));
    });

  for (const [name, description] of [
    ['pause', 'start no more runs'],
    ['resume', 'go on from now'],
  ] as const)
    verb(name, description)
      .argument('<id>')
      .action(async (id: string) => {
        const it = await client().post<ScheduleView>(`${pathOf(id)}/${name}`);
        show(it, () => line(it));
      });

  verb('run', 'start a run now, beside the others')
    .argument('<id>')
    .action(async (id: string) => {
      const campaign = await client().post<CampaignView>(`${pathOf(id)}/run`);
      show(campaign, () => campaign.id);
    });

  verb('delete', 'forget one; what it has started goes on')
    .argument('<id>')
    .action(async (id: string) => {
      await client().delete(pathOf(id));
      show({ id, deleted: true }, () => `${id} is gone`);
    });
}

async function campaignOf(file: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(file, 'utf8'));
  } catch (error) {
    throw new Usage(`${file} is not a campaign: ${(error as Error).message}`);
  }
}

const line = (it: ScheduleView) =>
  [it.id, it.state.padEnd(6), it.cron.padEnd(14), it.timeZone, it.name].join('  ');

function details(it: ScheduleView): string {
  const rows = [
    ['Schedule', `${it.name} (${it.id})`],
    ['State', it.state],
    ['Cron', `${it.cron} in ${it.timeZone}`],
    ['Runs', `${it.runs}${it.maxRuns === undefined ? '' : ` of ${it.maxRuns}`}`],
    ...it.nextRuns.map((at, i) => [i === 0 ? 'Next' : '', local(at, it.timeZone)]),
  ];
  return rows.map(([name = '', value = '']) => `${name.padEnd(10)}${value}`).join('\n');
}

/** As people there read their clocks. */
const local = (at: string, timeZone: string) =>
  new Date(at).toLocaleString('en-GB', { timeZone, dateStyle: 'full', timeStyle: 'short' });
