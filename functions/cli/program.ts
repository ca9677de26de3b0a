/** `volley`, a thin client of the HTTP API. Results go to stdout, everything else to stderr. */

import { Command, CommanderError } from 'commander';
import { redact } from '../lib/redact.ts';
import { appCommand } from './commands/apps.ts';
import { audienceCommands } from './commands/audiences.ts';
import { campaignCommands } from './commands/campaigns.ts';
import { checkCommand } from './commands/check.ts';
import { consoleCommands } from './commands/console.ts';
import { controlCommands } from './commands/control.ts';
import { costsCommand } from './commands/costs.ts';
import { deadLetterCommands } from './commands/dead-letters.ts';
import { doctorCommand } from './commands/doctor.ts';
import { estimateCommand } from './commands/estimate.ts';
import { importCommand } from './commands/import/command.ts';
import { installationCommands } from './commands/installations.ts';
import { keyCommands } from './commands/keys.ts';
import { messageCommand } from './commands/message.ts';
import { renderCommand } from './commands/render.ts';
import { failuresCommand, reportCommand } from './commands/report.ts';
import { scheduleCommands } from './commands/schedules.ts';
import { segmentCommands } from './commands/segments.ts';
import { sendCommand } from './commands/send.ts';
import { testCommand } from './commands/test.ts';
import { triggerCommands } from './commands/triggers.ts';
import { userCommands } from './commands/users.ts';
import { watchCommand } from './commands/watch.ts';
import { webhookCommands } from './commands/webhooks.ts';
import { whyCommand } from './commands/why.ts';
import { createContext, type Io } from './context.ts';
import { addExamples } from './examples.ts';
import { explain } from './explain.ts';
import { fold } from './format.ts';
import { cleaned } from './terminal.ts';
import { Usage } from './usage.ts';

/** In the order of `volley --help`. */
const commands = [
  importCommand,
  sendCommand,
  watchCommand,
  reportCommand,
  failuresCommand,
  whyCommand,
  doctorCommand,
  checkCommand,
  estimateCommand,
  costsCommand,
  testCommand,
  renderCommand,
  segmentCommands,
  audienceCommands,
  campaignCommands,
  controlCommands,
  appCommand,
  scheduleCommands,
  triggerCommands,
  messageCommand,
  webhookCommands,
  deadLetterCommands,
  userCommands,
  keyCommands,
  installationCommands,
  consoleCommands,
];

const examples = `
Examples:
  volley import installations.csv
  volley send --title "Good morning" --language de --tag news
  volley estimate campaign.json
  volley estimate 5000000
  volley send campaign.json --no-wait
  volley send campaign.json --at "2030-12-24 18:00" --zone Europe/Berlin
  volley report 3f1c9a0b5d7e2c4a6b80
  volley failures 3f1c9a0b5d7e2c4a6b80 --csv > failures.csv
  volley why 3f1c9a0b5d7e2c4a6b80 --user user-7

Exit codes: 0 done, 1 failed, 2 the command line is wrong.`;

/** Runs one command line. Gives the exit code: 0 done, 1 failed, 2 the command line is wrong. */
export async function run(args: string[], process: Io): Promise<0 | 1 | 2> {
  const io = cleaned(process);
  let code: 0 | 1 = 0;
  const program = createProgram(io);
  const context = createContext(program, io, (it) => {
    code = it;
  });
  for (const add of commands) add(program, context);
  addExamples(program);
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

function createProgram(io: Io): Command {
  return new Command('volley')
    .description('Send push campaigns and see what became of them.')
    .option('--url <url>', 'the API (or VOLLEY_URL; default: the local server, on PORT or 8080)')
    .option('--key <key>', 'an API key (or VOLLEY_API_KEY; a local server leaves one in .volley/)')
    .option('--json', 'one JSON document on stdout, no progress')
    .addHelpText('after', examples)
    .exitOverride()
    .configureOutput({
      writeOut: (text) => io.stdout.write(text),
      writeErr: (text) => io.stderr.write(text),
      outputError: (text, write) => write(redact(inOurWords(text))),
    })
    .showHelpAfterError('Try --help.');
}

/** Commander's errors: `volley: --failing "120" is not valid. It must be from 0 to 100, such as 2%.` */
const inOurWords = (text: string) =>
  text
    .replace(/^error: /, 'volley: ')
    .replace(
      /^volley: option '(?:-\w, )?(--[\w-]+)(?: [^']*)?' argument '(.*)' is invalid\./s,
      'volley: $1 "$2" is not valid.',
    )
    .replace(
      /^volley: command-argument value '(.*)' is invalid for argument '[^']*'\./s,
      'volley: "$1" is not valid.',
    );

/** Folds each line; its own line breaks are kept. */
const folded = (text: string) =>
  text
    .split('\n')
    .map((line) => fold(line, 4))
    .join('\n');
