/** The examples in the `--help` of commands that do not have examples of their own. */

import type { Command } from 'commander';

const ID = '3f1c9a0b5d7e2c4a6b80';

/** By the name of the command; a test runs each of them. */
const examples: Record<string, string[]> = {
  campaigns: ['', '--state running --state paused', '--search sale --app shop'],
  'campaigns export': [`${ID} > rows.ndjson`, `${ID} --publish`],
  'campaigns list': [
    '--from 2026-11-01T00:00:00Z --limit 100',
    '--to "2030-12-24 18:00" --zone Europe/Berlin --json',
  ],
  apps: ['', 'pause default', 'policy default --quiet 22:00-08:00'],
  'apps list': [''],
  'apps show': ['default'],
  'apps pause': ['default'],
  'apps resume': ['default'],
  'apps cancel': ['default'],
  'apps policy': [
    'default',
    'shop --receipts off',
    'shop --caps 2/24h,5/7d --exempt security',
    'shop --quiet 22:00-08:00 --default-zone Europe/Berlin',
  ],
  send: [
    'campaign.json',
    'campaign.json --at 2030-12-24T18:00:00+01:00',
    'campaign.json --at "2030-12-24 18:00" --zone Europe/Berlin',
    'campaign.json --local "2030-12-24 09:00" --late next-day',
    '--title "Good morning" --language de --tag news',
    '--title Hi --everybody --dry-run',
    'campaign.json --yes    # in a script',
  ],
  watch: [ID],
  report: [ID, `${ID} --json`],
  failures: [ID, `${ID} --csv > failures.csv`],
  why: [`${ID} --user user-7`, `${ID} --installation device-1 --json`, `${ID} --token "$TOKEN"`],
  doctor: ['', '--json'],
  console: ['', '--json'],
  whoami: ['', '--key $KEY'],
  check: ['campaign.json', 'campaign.json --json'],
  estimate: [
    'campaign.json',
    '--platform ios --language en',
    '--everybody --local "2030-12-24 09:00"',
    '5000000 --failing 3%',
  ],
  costs: ['', '--from 2026-11-01T00:00:00Z --to 2026-12-01T00:00:00Z', '--json'],
  test: ['campaign.json --user me', 'campaign.json --user me --dry-run'],
  render: [
    'campaign.json --platform ios --language de',
    'campaign.json --platform ios --provider fcm --attribute name=Ada',
    '--title "Hi {{name|there}}" --link shop://sale --platform web',
  ],
  segments: ['put vip vip.json', 'list'],
  'segments list': ['', '--app shop'],
  'segments put': ['vip vip.json    # {"tags": ["vip"]}'],
  'segments get': ['vip'],
  'segments remove': ['vip'],
  audiences: ['upload ids.txt --of userIds'],
  'audiences upload': ['ids.txt', 'ids.txt --of userIds', 'tokens.csv --of tokens'],
  'schedules add': [
    'campaign.json --name Morning --cron "30 9 * * 1-5"',
    'summer.json --name Summer --cron "0 8 * * *" --max-runs 4',
    'campaign.json --name Morning --cron "0 9 * * *" --local',
  ],
  'schedules change': [`${ID} --cron "0 8 * * *"`, `${ID} other.json`, `${ID} --until none`],
  'schedules list': [''],
  'schedules show': [ID],
  'schedules pause': [ID],
  'schedules resume': [ID],
  'schedules run': [ID],
  'schedules remove': [ID],
  'triggers put': ['orders trigger.json'],
  'triggers list': [''],
  'triggers remove': ['orders'],
  'triggers failed': ['orders', 'orders --json'],
  'triggers replay': ['orders 3f1c9a0b5d7e2c4a6b80f1e2'],
  webhooks: ['add https://example.com/hooks/volley', 'list'],
  'webhooks add': [
    'https://example.com/hooks/volley',
    'https://example.com/hooks/volley --type push.failed',
    'https://hooks.slack.com/services/T/B/x --slack',
  ],
  'webhooks list': [''],
  'webhooks deliveries': [ID],
  'webhooks replay': [`${ID} 3f1c9a0b5d7e2c4a6b80f1e2`],
  'webhooks test': [ID],
  'webhooks rotate': [ID],
  'webhooks enable': [ID],
  'webhooks remove': [ID],
  events: ['dead-letters', 'redrive'],
  'events dead-letters': ['', '--json'],
  'events redrive': [''],
  'users export': ['user-7 > user-7.ndjson', 'user-7 --json'],
  'users erase': ['user-7 --yes'],
  installations: ['--user user-7', 'count', 'normalize'],
  'installations count': ['', '--app shop --json'],
  'installations find': ['--user user-7 --app shop', '--token $TOKEN --json'],
  'installations normalize': ['', '--after default/device-1'],
  'keys create': [
    '--scope campaigns --scope read --name shop-backend',
    '--scope register --app shop    # may lie in an app',
  ],
  'keys list': [''],
  'keys revoke': ['3f1c9a0b5d7e2c4a'],
};

/** Adds the examples to all commands below this one. */
export function addExamples(command: Command, before = '') {
  for (const it of command.commands) {
    const name = `${before}${it.name()}`;
    const lines = examples[name]?.map((rest) => `  volley ${name} ${rest}`.trimEnd());
    if (lines) it.addHelpText('after', ['\nExamples:', ...lines].join('\n'));
    addExamples(it, `${name} `);
  }
}
