/** `volley`, a thin client of the HTTP API. Results go to stdout, everything else to stderr. */

import { randomUUID } from 'node:crypto';
import { createInterface } from 'node:readline';
import { Readable } from 'node:stream';
import { Command, CommanderError } from 'commander';
import type { CampaignView, FailureView, ReportView } from '../http/campaigns/view.ts';
import type { DoctorView } from '../http/doctor.ts';
import { redact } from '../lib/redact.ts';
import { MANY } from '../model/audience/many.ts';
import {
  audienceOptions,
  campaignRequest,
  type SendOptions,
  sendOnce,
  Usage,
} from './campaign-request.ts';
import type { Client } from './client.ts';
import { controlCommands } from './commands/control.ts';
import { deadLetterCommands } from './commands/dead-letters.ts';
import { doctorText, isWell } from './commands/doctor.ts';
import { estimateCommand } from './commands/estimate.ts';
import { importCommand } from './commands/import/command.ts';
import { installationCommands } from './commands/installations.ts';
import { keyCommands } from './commands/keys.ts';
import { messageCommand } from './commands/message.ts';
import { scheduleCommands } from './commands/schedules.ts';
import { audienceCommands, type Means, segmentCommands } from './commands/segments.ts';
import { testCommand } from './commands/test.ts';
import { triggerCommands } from './commands/triggers.ts';
import { userCommands } from './commands/users.ts';
import { addWebhookCommands } from './commands/webhooks.ts';
import { confirmed } from './confirm.ts';
import { connect, urlOf } from './connect.ts';
import type { Io } from './context.ts';
import { addExamples } from './examples.ts';
import { explain } from './explain.ts';
import { fold } from './format.ts';
import { count, print } from './progress.ts';
import { watchCampaign } from './watch.ts';

const examples = `
Examples:
  volley import installations.csv
  volley send --title "Good morning" --language de --tag news
  volley estimate campaign.json
  volley estimate 5000000
  volley send campaign.json --no-wait
  volley send campaign.json --at 2026-12-24T18:00:00+01:00
  volley report 3f1c9a0b5d7e2c4a6b80
  volley failures 3f1c9a0b5d7e2c4a6b80 --csv > failures.csv

Exit codes: 0 done, 1 failed, 2 the command line is wrong.`;

/** Gives the exit code: 0 done, 1 failed, 2 the command line is wrong. */
export async function run(args: string[], io: Io): Promise<0 | 1 | 2> {
  let code: 0 | 1 = 0;
  const program = commands(io, (it) => {
    code = it;
  });
  try {
    await program.parseAsync(args, { from: 'user' });
    return code;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    if (error instanceof Usage) {
      io.stderr.write(`${folded(`volley: ${redact(error.message)}`)}\n`);
      return 2;
    }
    io.stderr.write(`volley: ${explain(error)}\n`);
    return 1;
  }
}

function commands(io: Io, exit: (code: 0 | 1) => void): Command {
  const program = new Command('volley')
    .description('Send push campaigns and see what became of them.')
    .option('--url <url>', 'the API (or VOLLEY_URL; default: the local server, on PORT or 8080)')
    .option('--key <key>', 'an API key (or VOLLEY_API_KEY; a local server leaves one in .volley/)')
    .option('--json', 'one JSON document on stdout, no progress')
    .addHelpText('after', examples)
    .exitOverride()
    .configureOutput({
      writeOut: (text) => io.stdout.write(text),
      writeErr: (text) => io.stderr.write(text),
      outputError: (text, write) => write(redact(text.replace(/^error: /, 'volley: '))),
    })
    .showHelpAfterError('Try --help.');

  const json = () => program.opts().json === true;
  const progress = () => (json() ? null : io.stderr);
  const client = () => connect(program.opts(), io.env, io.fetch);
  const show = (document: unknown, text: () => string) =>
    io.stdout.write(json() ? `${JSON.stringify(document)}\n` : `${text()}\n`);

  /** A campaign that is not sent to its end is a failure of the command. */
  const finished = async (api: Client, campaign: CampaignView) => {
    if (campaign.state !== 'completed') exit(1);
    if (campaign.state === 'paused')
      io.stderr.write(
        `${fold(`volley: the campaign is paused: ${campaign.reason}`, 2)}\n` +
          '  mend that, then:\n' +
          `  volley resume ${campaign.id} && volley watch ${campaign.id}\n`,
      );
    if (json()) show(campaign, () => '');
    else io.stdout.write(await text(api, `${pathOf(campaign.id)}/report`));
  };

  const follow = async (api: Client, id: string) => {
    if (!json()) io.stderr.write(`campaign ${id}\n`);
    await finished(api, await watchCampaign(api, id, progress()));
  };

  const url = () => urlOf(program.opts(), io.env);
  importCommand(program, { io, client, url, json, show, exit });

  audienceOptions(program.command('send'))
    .argument('[file]', 'a campaign as JSON; options replace what it says')
    .option('--name <name>', 'of the campaign (default: its title)')
    .option('--title <text>')
    .option('--body <text>')
    .option('--at <time>', 'when it begins, as RFC 3339; it is not followed then')
    .option('--dry-run', 'go the whole way, but send nothing')
    .option('--idempotency-key <key>', 'the same key gives the same campaign')
    .option('--no-wait', 'do not follow it to its end')
    .option('--yes', `do not ask, however many get it (asked from ${count(MANY)} on)`)
    .description('send a campaign, and follow it')
    .action(
      async (
        file: string | undefined,
        options: SendOptions & { idempotencyKey?: string; wait: boolean; yes?: boolean },
      ) => {
        const request = await campaignRequest(file, options);
        const api = client();
        const say = (text: string) => void io.stderr.write(text);
        const ask = json() ? undefined : io.ask;
        if (!options.yes && !(await confirmed(api, request, { ask, say }))) {
          say('volley: nothing was sent\n');
          exit(1);
          return;
        }
        const campaign = await sendOnce<CampaignView>(api, {
          ...{ path: '/v1/campaigns', body: request },
          key: options.idempotencyKey ?? randomUUID(),
          say,
        });
        if (!options.wait || campaign.state === 'scheduled') {
          show(campaign, () => campaign.id);
          return;
        }
        await follow(api, campaign.id);
      },
    );

  program
    .command('watch')
    .argument('<id>')
    .description('follow a campaign to its end')
    .action(async (id: string) => {
      const api = client();
      await finished(api, await watchCampaign(api, id, progress()));
    });

  program
    .command('report')
    .argument('<id>')
    .description('what became of a campaign')
    .action(async (id: string) => {
      const api = client();
      const path = `${pathOf(id)}/report`;
      if (json()) show(await api.get<ReportView>(path), () => '');
      else io.stdout.write(await text(api, path));
    });

  program
    .command('failures')
    .argument('<id>')
    .option('--csv', 'as CSV')
    .description('who was not reached, and why')
    .action(async (id: string, { csv }: { csv?: boolean }) => {
      if (csv && json()) throw new Usage('--csv and --json exclude each other');
      const path = `${pathOf(id)}/failures`;
      if (csv)
        for await (const bytes of await client().download(path, 'text/csv'))
          await print(io.stdout, bytes);
      else await failures(await client().download(path, 'application/x-ndjson'));
    });

  /** As they come: there may be more of them than fit in memory. */
  const failures = async (body: AsyncIterable<Uint8Array>) => {
    let before = '{"items":[';
    for await (const one of createInterface({ input: Readable.from(body) })) {
      await print(io.stdout, json() ? before + one : failureLine(JSON.parse(one)));
      before = ',';
    }
    if (json()) await print(io.stdout, `${before === ',' ? '' : before}]}\n`);
  };

  program
    .command('doctor')
    .description('whether the deployment is well, and what to do if not')
    .action(async () => {
      const found = await client().get<DoctorView>('/v1/doctor');
      if (!isWell(found)) exit(1);
      show(found, () => doctorText(found));
    });

  const means: Means = { client, show, hints: progress, exit };
  estimateCommand(program, means);
  testCommand(program, { ...means, json, follow: (id) => follow(client(), id) });
  segmentCommands(program, means);
  audienceCommands(program, means);
  controlCommands(program, means);
  scheduleCommands(program, means);
  triggerCommands(program, { client, show, url });
  messageCommand(program, { client, show, exit, say: (text) => void io.stderr.write(text) });
  addWebhookCommands(program, {
    ...{ client, show, say: (text) => void io.stderr.write(text), fail: () => exit(1) },
  });
  deadLetterCommands(program, means);
  userCommands(program, means, io.stdout);
  keyCommands(program, means);
  installationCommands(program, means);
  addExamples(program);
  return program;
}

/** Its own line breaks are kept. */
const folded = (text: string) =>
  text
    .split('\n')
    .map((line) => fold(line, 4))
    .join('\n');

const pathOf = (id: string) => `/v1/campaigns/${encodeURIComponent(id)}`;

const failureLine = (it: FailureView) =>
  `${[it.at, it.provider, it.outcome, it.reason, it.installationId, it.token].join('  ')}\n`;

async function text(api: Client, path: string): Promise<string> {
  const decoder = new TextDecoder();
  let all = '';
  for await (const bytes of await api.download(path, 'text/plain'))
    all += decoder.decode(bytes, { stream: true });
  return all.endsWith('\n') ? all : `${all}\n`;
}
