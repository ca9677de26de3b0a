/** `volley installations …`: finds devices, and normalizes what is stored of them. */

import type { Command } from 'commander';
import type { InstallationCountsView } from '../../http/installations/count.ts';
import type { NormalizedView } from '../../http/installations/normalize.ts';
import type { InstallationView } from '../../http/installations/view.ts';
import { createEnds } from '../client/ends.ts';
import type { Context } from '../context.ts';
import { count, fold } from '../format.ts';
import * as answers from '../installation-answers.ts';
import { table } from '../table.ts';
import { takesNothing, Usage } from '../usage.ts';

type Counts = Omit<NormalizedView, 'next'>;

export function installationCommands(program: Command, context: Context) {
  const installations = program
    .command('installations')
    .alias('installation')
    .description('find and count devices; normalize what is stored of them');
  findCommand(installations, context);
  countCommand(installations, context);
  normalizeCommand(installations, context);
}

interface FindOptions {
  user?: string;
  token?: string;
  app?: string;
}

function findCommand(installations: Command, { client, show }: Context) {
  installations
    .command('find', { isDefault: true })
    .option('--user <id>', 'all of this user')
    .option('--token <token>', 'the one with this token, in any spelling')
    .option('--app <app>', 'which app (default: default)')
    .description('find the devices of a user, or the one with a token')
    .allowExcessArguments()
    .action(async ({ user, token, app }: FindOptions, command: Command) => {
      takesNothing(command);
      if ((user === undefined) === (token === undefined))
        throw new Usage('give --user or --token, and not both');
      const calls = client().expecting(answers.installationPage);
      const items: InstallationView[] = [];
      const ends = createEnds(MAX_PAGES);
      // not by GET: the request log of Cloud Run keeps addresses, and a token would be in one
      for (let after: string | null = null; ; ) {
        const asked = { app, userId: user, token, limit: 100, ...(after !== null && { after }) };
        const page = await calls.post('/v1/installations:find', asked);
        items.push(...page.items);
        after = ends(page.next);
        if (after === null) break;
      }
      show({ items }, () => table(HEADINGS, items.map(cells)));
    });
}

/** Of 100 devices each. */
const MAX_PAGES = 1_000;
const HEADINGS = ['ID', 'PLATFORM', 'LANGUAGE', 'PUSHES', 'SEEN', 'USER'];
const but = (categories: string[] = []) => categories.map((it) => `no ${it}`);
const cells = (it: InstallationView) => [
  it.id,
  it.platform,
  it.language ?? '-',
  it.optedOut ? 'opted out' : [it.permission ?? '-', ...but(it.optedOutOf)].join(', '),
  it.refreshedAt.slice(0, 10),
  it.userId ?? '-',
];

function countCommand(installations: Command, { client, show }: Context) {
  installations
    .command('count')
    .option('--app <app>', 'which app (default: default)')
    .description('count the devices of an app, by platform, language and permission')
    .action(async ({ app }: { app?: string }) => {
      const query = app === undefined ? '' : `?app=${encodeURIComponent(app)}`;
      const calls = client().expecting(answers.installationCounts);
      const found = await calls.get(`/v1/installations:count${query}`);
      show(found, () => countText(found));
    });
}

function countText(it: InstallationCountsView): string {
  const share = (n: number) =>
    it.installations === 0 ? '-' : `${Math.round((n / it.installations) * 100)}%`;
  const part = (name: string, counts: Record<string, number>, none = '-') =>
    Object.entries(counts).map(([value, n]) => [name, value || none, count(n), share(n)]);
  const rows = [
    ['devices', 'all', count(it.installations), share(it.installations)],
    ...part('platform', it.platforms),
    ...part('language', it.languages, 'none'),
    ...part('permission', it.permissions),
    ...(it.optedOut === null ? [] : [['beside', 'opted out', count(it.optedOut), '']]),
  ];
  const { interval, asOf } = it;
  const about = [
    `About: ${count(it.counted)} were looked at. In 95 of 100 cases it is`,
    `${count(interval.low)} to ${count(interval.high)}.`,
    asOf === null ? '' : `Changes after ${asOf} may be missing.`,
  ];
  const text = table(['COUNTED BY', 'VALUE', 'DEVICES', 'SHARE'], rows);
  return it.exact ? text : `${text}\n${fold(about.join(' ').trimEnd(), 0)}`;
}

function normalizeCommand(installations: Command, { client, show, hints }: Context) {
  installations
    .command('normalize')
    .option('--after <cursor>', 'go on where an earlier run stopped, as it printed')
    .description('normalize what an earlier version stored; once after an update (scope admin)')
    .action(async ({ after }: { after?: string }) => {
      const total: Counts = { read: 0, changed: 0, removed: 0 };
      const ends = createEnds();
      for (let next = after ?? null; ; ) {
        const part = await client()
          .expecting(answers.normalized)
          .post('/v1/installations:normalize', {
            after: next,
          });
        for (const name of ['read', 'changed', 'removed'] as const) total[name] += part[name];
        next = ends(part.next);
        if (next === null) break;
        hints()?.write(`${words(total)}; to go on from here: --after ${next}\n`);
      }
      show(total, () => words(total));
    });
}

const words = ({ read, changed, removed }: Counts) =>
  `${count(read)} installations read, ${count(changed)} changed, ${count(removed)} removed`;
