/** `volley schedules …`: campaigns that are sent again and again. */

import { readFile } from 'node:fs/promises';
import type { Command } from 'commander';
import type { CampaignView } from '../../http/campaigns/view.ts';
import type { ScheduleView } from '../../http/schedules/schedules.ts';
import { parseExact } from '../../lib/exact-json.ts';
import { Usage } from '../campaign-request.ts';
import { clip, fold } from '../format.ts';
import type { Means } from './segments.ts';

interface Options {
  name?: string;
  cron?: string;
  zone?: string;
  until?: string;
  maxRuns?: string;
  missed?: string;
}

const pathOf = (id: string) => `/v1/schedules/${encodeURIComponent(id)}`;

export function scheduleCommands(program: Command, { client, show }: Means) {
  const schedule = program
    .command('schedules')
    .alias('schedule')
    .description('campaigns that are sent again and again')
    .addHelpText(
      'after',
      `
Examples:
  volley schedules add campaign.json --name Morning \\
    --cron "30 9 * * 1-5" --zone Europe/Berlin
  volley schedules list
  volley schedules show 3f1c9a0b5d7e2c4a6b80
  volley schedules change 3f1c9a0b5d7e2c4a6b80 --cron "0 8 * * *" --until none
  volley schedules pause 3f1c9a0b5d7e2c4a6b80`,
    );

  const verb = (name: string, description: string) =>
    schedule.command(name).description(description);

  const times = (command: Command) =>
    command
      .option('--until <time>', 'no run after that, as RFC 3339; none: without end')
      .option('--max-runs <n>', 'so many runs; none: without end', numberOrNone)
      .option('--missed <what>', 'of runs missed while the system was down: once or skip');

  times(
    verb('add', 'send the campaign of a file at these times')
      .argument('<file>', 'a campaign as JSON')
      .requiredOption('--cron <fields>', CRON)
      .requiredOption('--name <name>')
      .option('--zone <zone>', 'such as Europe/Berlin', 'UTC'),
  ).action(async (file: string, options: Options) => {
    const made = await client().post<ScheduleView>('/v1/schedules', {
      ...changed({}, options),
      campaign: await campaignOf(file),
    });
    show(made, () => details(made));
  });

  times(
    verb('change', 'what is given replaces what it was; runs are counted on')
      .argument('<id>')
      .argument('[file]', 'another campaign as JSON')
      .option('--cron <fields>', CRON)
      .option('--name <name>')
      .option('--zone <zone>', 'such as Europe/Berlin'),
  ).action(async (id: string, file: string | undefined, options: Options) => {
    if (file === undefined && Object.keys(options).length === 0)
      throw new Usage('nothing is to be changed: give a FILE, or an option (see --help)');
    const campaign = file === undefined ? null : await campaignOf(file);
    const it = await client().get<ScheduleView>(pathOf(id));
    const { name, cron, timeZone, until, maxRuns, missed } = it;
    const before = { name, cron, timeZone, until, maxRuns, missed };
    const now = await client().put<ScheduleView>(pathOf(id), {
      ...changed(before, options),
      campaign: campaign ?? it.campaign,
    });
    show(now, () => details(now));
  });

  verb('list', 'all of them').action(async () => {
    const items = await client().all<ScheduleView>('/v1/schedules');
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

  verb('remove', 'forget one; what it has started goes on')
    .alias('delete')
    .argument('<id>')
    .action(async (id: string) => {
      await client().delete(pathOf(id));
      show({ id, removed: true }, () => `${id} removed`);
    });
}

const CRON = 'minute, hour, day of the month, month, day of the week';

function numberOrNone(text: string) {
  if (!/^(\d+|none)$/.test(text))
    throw new Usage(`--max-runs must be a number, or none, and not "${text}"`);
  return text;
}

/** The times of a schedule, with those that were given in place of what they were. */
function changed(before: object, { zone, until, maxRuns, ...rest }: Options) {
  return {
    ...before,
    ...rest,
    ...(zone !== undefined && { timeZone: zone }),
    // what is undefined is not sent
    ...(until !== undefined && { until: until === 'none' ? undefined : until }),
    ...(maxRuns !== undefined && { maxRuns: maxRuns === 'none' ? undefined : Number(maxRuns) }),
  };
}

async function campaignOf(file: string): Promise<unknown> {
  const text = await readFile(file, 'utf8');
  try {
    return parseExact(text);
  } catch (error) {
    throw new Usage(`${file} is not a campaign.\n${(error as Error).message}`);
  }
}

const line = (it: ScheduleView) =>
  clip([it.id, it.state.padEnd(6), it.cron.padEnd(14), it.timeZone, it.name].join('  '));

function details(it: ScheduleView): string {
  const rows = [
    ['Schedule', it.id],
    ['Name', it.name],
    ['State', it.state],
    ['Cron', `${it.cron} in ${it.timeZone}`],
    ['Runs', `${it.runs}${it.maxRuns === undefined ? '' : ` of ${it.maxRuns}`}`],
    ...(it.until === undefined ? [] : [['Until', local(it.until, it.timeZone)]]),
    ...it.nextRuns.map((at, i) => [i === 0 ? 'Next' : '', local(at, it.timeZone)]),
  ];
  return rows
    .map(([name = '', value = '']) => fold(`${name.padEnd(9)} ${value}`.trimEnd(), 10))
    .join('\n');
}

/** As people there read their clocks. */
const local = (at: string, timeZone: string) =>
  new Date(at).toLocaleString('en-GB', { timeZone, dateStyle: 'full', timeStyle: 'short' });
