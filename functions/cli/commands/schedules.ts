/** `volley schedules …`: campaigns that are sent repeatedly. */

import { randomUUID } from 'node:crypto';
import type { Command } from 'commander';
import type { ScheduleView } from '../../http/schedules/view.ts';
import * as answers from '../answers.ts';
import { A_CAMPAIGN, sendOnce } from '../campaign-request.ts';
import type { Context } from '../context.ts';
import { fold } from '../format.ts';
import { row, table } from '../table.ts';
import { TIME, typedTime, ZONE } from '../times.ts';
import { readJsonFile, Usage } from '../usage.ts';

interface Options {
  name?: string;
  cron?: string;
  zone?: string;
  local?: true;
  late?: string;
  until?: string;
  maxRuns?: string;
  missed?: string;
}

const pathOf = (id: string) => `/v1/schedules/${encodeURIComponent(id)}`;

export function scheduleCommands(program: Command, context: Context) {
  const schedules = program
    .command('schedules')
    .alias('schedule')
    .description('campaigns that are sent repeatedly')
    .addHelpText(
      'after',
      `
Examples:
  volley schedules add campaign.json --name Morning \\
    --cron "30 9 * * 1-5" --zone Europe/Berlin
  volley schedules add campaign.json --name Morning --cron "0 9 * * *" --local
  volley schedules list
  volley schedules show 3f1c9a0b5d7e2c4a6b80
  volley schedules change 3f1c9a0b5d7e2c4a6b80 --cron "0 8 * * *" --until none
  volley schedules pause 3f1c9a0b5d7e2c4a6b80`,
    );
  addCommand(schedules, context);
  changeCommand(schedules, context);
  showCommands(schedules, context);
  controlCommands(schedules, context);
}

const verb = (schedules: Command, name: string, description: string) =>
  schedules.command(name).description(description);

const times = (command: Command) =>
  command
    .option('--local', "the times are those of each device's own clock")
    .option('--late <what>', 'with --local, if its time passed meanwhile: now, next-day or skip')
    .option('--until <time>', `no run after that time: ${TIME}; none: no end`)
    .option('--max-runs <n>', 'the number of runs; none: no end', numberOrNone)
    .option('--missed <what>', 'for runs missed while the system was down: once or skip');

function addCommand(schedules: Command, { client, say, show }: Context) {
  times(
    verb(schedules, 'add', 'send the campaign of a file at these times')
      .argument('<file>', 'a campaign as JSON')
      .requiredOption('--cron <fields>', CRON)
      .requiredOption('--name <name>')
      .option('--zone <zone>', `${RUNS_IN} (default: UTC)`)
      .option('--idempotency-key <key>', 'the same key gives the same schedule'),
  ).action(async (file: string, options: Options & { idempotencyKey?: string }) => {
    const { idempotencyKey = randomUUID(), ...rest } = options;
    const campaign = await readCampaign(file);
    const made = await sendOnce(client().expecting(answers.schedule), {
      path: '/v1/schedules',
      body: { ...changed({}, rest), campaign },
      key: idempotencyKey,
      say,
    });
    show(made, () => details(made));
  });
}

function changeCommand(schedules: Command, { client, show }: Context) {
  times(
    verb(schedules, 'change', 'change a schedule; its count of runs goes on')
      .argument('<id>')
      .argument('[file]', 'another campaign as JSON')
      .option('--cron <fields>', CRON)
      .option('--name <name>')
      .option('--zone <zone>', RUNS_IN),
  ).action(async (id: string, file: string | undefined, options: Options) => {
    if (file === undefined && Object.keys(options).length === 0)
      throw new Usage('nothing is to be changed: give a FILE, or an option (see --help)');
    const campaign = file === undefined ? null : await readCampaign(file);
    const it = await client().expecting(answers.schedule).get(pathOf(id));
    const { name, cron, timeZone, local, late, until, maxRuns, missed } = it;
    const before = { name, cron, timeZone, local, late, until, maxRuns, missed };
    const now = await client()
      .expecting(answers.schedule)
      .put(pathOf(id), {
        ...changed(before, options),
        campaign: campaign ?? it.campaign,
      });
    show(now, () => details(now));
  });
}

function showCommands(schedules: Command, { client, show }: Context) {
  verb(schedules, 'list', 'list all schedules').action(async () => {
    const items = await client().expecting(answers.schedule).all('/v1/schedules');
    show({ items }, () => table(HEADINGS, items.map(cells)));
  });

  verb(schedules, 'show', 'show a schedule with its next ten runs')
    .argument('<id>')
    .option('--runs-until <time>', `its runs before that time, 100 at most: ${TIME}`)
    .option('--zone <zone>', ZONE)
    .action(async (id: string, options: { runsUntil?: string; zone?: string }) => {
      const { runsUntil: until, zone } = options;
      const query =
        until === undefined ? '' : `?runsUntil=${typedTime('--runs-until', until, zone)}`;
      const it = await client()
        .expecting(answers.schedule)
        .get(pathOf(id) + query);
      show(it, () => details(it));
    });
}

function controlCommands(schedules: Command, { client, show }: Context) {
  for (const [name, description] of [
    ['pause', 'pause a schedule'],
    ['resume', 'resume a schedule from now on'],
  ] as const)
    verb(schedules, name, description)
      .argument('<id>')
      .action(async (id: string) => {
        const it = await client()
          .expecting(answers.schedule)
          .post(`${pathOf(id)}/${name}`);
        show(it, () => row(cells(it)));
      });

  verb(schedules, 'run', 'start an additional run now')
    .argument('<id>')
    .action(async (id: string) => {
      const campaign = await client()
        .expecting(answers.campaign)
        .post(`${pathOf(id)}/run`);
      show(campaign, () => campaign.id);
    });

  verb(schedules, 'remove', 'remove a schedule; campaigns that it has started go on')
    .alias('delete')
    .argument('<id>')
    .action(async (id: string) => {
      await client().delete(pathOf(id));
      show({ id, removed: true }, () => `${id} removed`);
    });
}

const RUNS_IN = 'such as Europe/Berlin; with --local, the zone of --until';
const CRON = 'minute, hour, day of the month, month, day of the week';

function numberOrNone(text: string) {
  if (!/^(\d+|none)$/.test(text))
    throw new Usage(`--max-runs must be a number, or none, and not "${text}"`);
  return text;
}

type Zoned = Partial<Pick<ScheduleView, 'timeZone' | 'local' | 'late'>>;

/** The fields of a schedule, replaced by those that were given. A zone ends `local`, unless that is given too. */
function changed(before: Zoned, { zone, local, until, maxRuns, ...rest }: Options) {
  const end = (text: string) => typedTime('--until', text, zone ?? before.timeZone);
  const isLocal = local ?? (before.local && zone === undefined);
  return {
    ...before,
    // JSON leaves out undefined fields
    ...(isLocal ? { local: true, timeZone: undefined } : { local: undefined, late: undefined }),
    ...(!isLocal && zone !== undefined && { timeZone: zone }),
    ...rest,
    ...(until !== undefined && { until: until === 'none' ? undefined : end(until) }),
    ...(maxRuns !== undefined && { maxRuns: maxRuns === 'none' ? undefined : Number(maxRuns) }),
  };
}

const readCampaign = (file: string) => readJsonFile(file, A_CAMPAIGN);

const HEADINGS = ['ID', 'STATE', 'CRON', 'TIME ZONE', 'NAME'];
const cells = (it: ScheduleView) => [it.id, it.state, it.cron, it.timeZone ?? 'local', it.name];

function details(it: ScheduleView): string {
  const rows = [
    ['Schedule', it.id],
    ['Name', it.name],
    ['State', it.state],
    ['Cron', `${it.cron} in ${it.timeZone ?? "each device's local time"}`],
    ...(it.late === undefined ? [] : [['Late', it.late]]),
    ['Runs', `${it.runs}${it.maxRuns === undefined ? '' : ` of ${it.maxRuns}`}`],
    ...(it.until === undefined ? [] : [['Until', shown(it.until, it.timeZone)]]),
    // a time without a zone is shown as it is
    ...it.nextRuns.map((at, i) => [
      i === 0 ? 'Next' : '',
      it.local ? shown(`${at}Z`) : shown(at, it.timeZone),
    ]),
  ];
  return rows
    .map(([name = '', value = '']) => fold(`${name.padEnd(9)} ${value}`.trimEnd(), 10))
    .join('\n');
}

/** A time in that time zone, for people. */
const shown = (at: string, timeZone = 'UTC') =>
  new Date(at).toLocaleString('en-GB', { timeZone, dateStyle: 'full', timeStyle: 'short' });
