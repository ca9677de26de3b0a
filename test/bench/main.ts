/** npm run bench -- NAME: the benchmarks. */

import { Command, Option } from 'commander';
import { ack } from './ack.ts';
import { audience } from './audience.ts';
import { campaign } from './campaign.ts';
import { cold } from './cold.ts';
import { control } from './control.ts';
import { importing } from './import.ts';
import { messages } from './messages.ts';
import { receipts, receiptsOnGoogle } from './receipts.ts';
import { senders } from './senders.ts';
import { soak } from './soak.ts';
import { throttle } from './throttle.ts';
import { triggers } from './triggers.ts';
import { waves } from './waves.ts';
import { why } from './why.ts';

const whole = (text: string) => {
  const number = Number(text.replaceAll('_', ''));
  if (!Number.isInteger(number) || number < 1) throw new Error(`"${text}" is no whole number`);
  return number;
};

const program = new Command('bench')
  .description('Measures Volley against simulated providers on this machine.')
  .addHelpText(
    'after',
    `
Examples:
  npm run bench -- senders
  npm run bench -- campaign --recipients 1000000
  npm run bench -- campaign --engine google
  npm run bench -- audience
  npm run bench -- why
  npm run bench -- waves
  npm run bench -- import --rows 1000000
  npm run bench -- soak --minutes 30
  npm run bench -- receipts --engine google
  npm run bench -- cold --cache
  npm run bench -- control
  npm run bench -- scale
  npm run bench -- console
  npm run bench -- ack --json`,
  );

const bench = (name: string, description: string) =>
  program.command(name).description(description).option('--json', 'the last line as JSON');

/** A table of a single row for people; one line of JSON for machines. */
function print(result: object, json: boolean | undefined) {
  if (json) return console.log(JSON.stringify(result));
  const text = (value: unknown) =>
    typeof value === 'number' ? value.toLocaleString('en-US') : JSON.stringify(value);
  for (const [name, value] of Object.entries(result))
    console.log(`${name.padEnd(14)} ${text(value)}`);
}

bench('senders', 'pushes per CPU-second and per second, beside other clients')
  .option('--pushes <n>', 'pushes of a round', whole)
  .action(async ({ json = false, pushes }) => {
    const result = await senders({ json, ...(pushes && { pushes }) });
    if (json) print(result, json);
  });

bench('campaign', 'a campaign end to end')
  .option('--recipients <n>', 'installations', whole, 100_000)
  .addOption(new Option('--engine <name>').choices(['embedded', 'google']).default('embedded'))
  .action(async ({ json, recipients, engine }) => {
    if (engine === 'embedded') return print(await campaign({ recipients }), json);
    const { campaignOnGoogle } = await import('./campaign-google.ts');
    print(await campaignOnGoogle({ recipients }), json);
  });

bench('import', 'a table of PostgreSQL into the embedded store, and once more unchanged')
  .option('--rows <n>', 'installations', whole, 1_000_000)
  .action(async ({ json, rows }) => print(await importing({ rows }), json));

bench('ack', 'POST /v1/campaigns under 50 clients while a campaign is sent')
  .option('--recipients <n>', 'installations of that campaign', whole, 200_000)
  .action(async ({ json, recipients }) => print(await ack({ recipients }), json));

bench('messages', 'single pushes from request to provider, at 1/s and at 1,000/s')
  .option('--rate <n>', 'pushes a second of the busy part', whole, 1_000)
  .action(async ({ json, rate }) => {
    const result = await messages({ rate, busy: 10 * rate });
    if (json) console.log(JSON.stringify(result));
    else console.table(result);
  });

bench('receipts', 'opens of a campaign, from when each is due to its answer, from 1,000 addresses')
  .option('--rate <n>', 'receipts a second (default: 1,000; 500 on Google)', whole)
  .addOption(new Option('--engine <name>').choices(['embedded', 'google']).default('embedded'))
  .action(async ({ rate, engine }) => {
    const measure = engine === 'embedded' ? receipts : receiptsOnGoogle;
    const result = await measure(rate && { rate });
    print(result, true);
    if (result.counted !== result.sent) process.exitCode = 1;
  });

bench('triggers', 'signed calls of an inbound webhook at 200/s, from request to answer')
  .option('--rate <n>', 'calls a second', whole, 200)
  .action(async ({ json, rate }) => print(await triggers({ rate }), json));

bench('cold', 'starts of the deployed functions, from their process to their first work')
  .option('--rounds <n>', 'starts of each function', whole, 7)
  .option('--source <path>', 'what to start instead of functions/index.ts, such as a build')
  .option('--cache', 'with NODE_COMPILE_CACHE, warm')
  .action(async ({ json, rounds, source, cache = false }) => {
    const result = await cold({ rounds, cache, ...(source && { source }) });
    if (json) console.log(JSON.stringify(result));
    else console.table(result);
  });

bench(
  'throttle',
  'a provider that refuses beyond 1,000 requests a second: how much of that is used',
).action(async () => print(await throttle(), true));

bench('why', 'what became of one device: the time of the call, and its reads on Google')
  .option('--recipients <n>', 'installations', whole, 1_000_000)
  .action(async ({ json, recipients }) => print(await why({ recipients }), json));

bench(
  'waves',
  'a campaign in local time to 24 zones: its order, what planning takes, what caps cost',
)
  .option('--recipients <n>', 'installations', whole, 1_000_000)
  .action(async ({ recipients }) => {
    const result = await waves({ recipients });
    print(result, true);
    const { sentInOrder, duplicates, lost } = result;
    if (!sentInOrder || duplicates > 0 || lost > 0) process.exitCode = 1;
  });

bench(
  'audience',
  'streaming an audience with filters that no index answers; planning it, with caps and without',
)
  .option('--installations <n>', 'looked through', whole, 500_000)
  .action(async ({ json, installations }) => print(await audience({ installations }), json));

bench('control', 'pause, resume and cancel under load, until the last push leaves')
  .option('--recipients <n>', 'installations', whole, 1_000_000)
  .option('--rounds <n>', 'pauses and resumes', whole, 3)
  .action(async ({ json, recipients, rounds }) => {
    const result = await control({ recipients, rounds });
    print(result, json);
    const { ledgerClosed, lost, duplicates } = result;
    if (!ledgerClosed || lost > 0 || duplicates > 0) process.exitCode = 1;
  });

bench(
  'scale',
  'how long campaigns take as deployed, by a simulation: the tables of docs/operations.md',
).action(async ({ json }) => {
  const { durationTable, largerTable, simulateAll } = await import('./scale/tables.ts');
  const { costTable } = await import('./scale/costs.ts');
  const { usual, larger } = await simulateAll();
  if (json) console.log(JSON.stringify({ usual, larger }));
  else console.log(`${durationTable(usual)}\n\n${largerTable(larger)}\n\n${costTable()}`);
});

bench(
  'console',
  'the web console in a browser: sizes, paints, shifts, interactions, accessibility; and what 20 open ones cost',
)
  .option('--recipients <n>', 'installations of the campaign that they follow', whole, 200_000)
  .action(async ({ recipients }) => {
    const { benchConsole } = await import('./console.ts');
    print(await benchConsole({ recipients }), true);
  });

bench('soak', 'campaign after campaign under all faults; fails unless every ledger closes')
  .option('--minutes <n>', 'how long', whole, 10)
  .option('--seed <n>', 'of the faults and their order', whole, 1)
  .action(async ({ json, minutes, seed }) => {
    const result = await soak({ minutes, seed });
    print(result, json);
    const { ledgerClosed, lost, unexplained } = result;
    if (!ledgerClosed || lost > 0 || unexplained > 0) process.exitCode = 1;
  });

await program.parseAsync();
