/** `volley webhooks …`: outgoing webhooks. */

import type { Command } from 'commander';
import type { DeliveryView, WebhookView } from '../../http/webhooks/view.ts';
import * as answers from '../answers.ts';
import type { Context } from '../context.ts';
import { row, table } from '../table.ts';
import { collect } from '../usage.ts';

type WithSecret = WebhookView & { secret: string };

export function webhookCommands(program: Command, context: Context) {
  const webhooks = program
    .command('webhooks')
    .alias('webhook')
    .description('manage outgoing webhooks');
  addCommand(webhooks, context);
  listCommands(webhooks, context);
  deliveryCommands(webhooks, context);
  changeCommands(webhooks, context);
}

function addCommand(webhooks: Command, context: Context) {
  webhooks
    .command('add')
    .argument('<url>', 'where events are posted')
    .option('--app <app>', 'only events of this app')
    .option('--campaign <id>', 'only events of this campaign')
    .option('--type <type>', 'such as campaign.completed; may be repeated', collect)
    .option('--slack', 'a Slack incoming webhook: post the report')
    .option('--teams', 'a Teams incoming webhook: post the report')
    .option('--description <text>')
    .description('register a webhook; prints its id and its secret')
    .action(async (url: string, options: AddOptions) => {
      const { app, campaign: campaignId, type: types, description, slack, teams } = options;
      const format = slack ? 'slack' : teams ? 'teams' : 'standard';
      kept(
        context,
        await context.client().expecting(answers.webhookWithSecret).post('/v1/webhooks', {
          url,
          app,
          campaignId,
          types,
          description,
          format,
        }),
      );
    });
}

function listCommands(webhooks: Command, { client, show }: Context) {
  webhooks
    .command('list')
    .description('list all webhooks with their states')
    .action(async () => {
      const items = await client().expecting(answers.webhook).all('/v1/webhooks');
      show({ items }, () => table(HEADINGS, items.map(cells)));
    });

  webhooks
    .command('deliveries')
    .argument('<id>')
    .description('list the latest deliveries, the newest first')
    .action(async (id: string) => {
      const { items } = await client()
        .expecting(answers.listOf(answers.delivery))
        .get(`${pathOf(id)}/deliveries?limit=50`);
      show({ items }, () => table(DELIVERY_HEADINGS, items.map(deliveryCells)));
    });
}

function deliveryCommands(webhooks: Command, { client, show, exit }: Context) {
  webhooks
    .command('replay')
    .argument('<id>')
    .argument('<delivery>')
    .description('replay a delivery')
    .action(async (id: string, delivery: string) => {
      const path = `${pathOf(id)}/deliveries/${encodeURIComponent(delivery)}:replay`;
      const it = await client().expecting(answers.delivery).post(path);
      show(it, () => row(deliveryCells(it)));
    });

  webhooks
    .command('test')
    .argument('<id>')
    .description('send a test event, and show the answer')
    .action(async (id: string) => {
      const it = await client()
        .expecting(answers.delivery)
        .post(`${pathOf(id)}:test`);
      if (it.state !== 'delivered') exit(1);
      show(it, () => row(deliveryCells(it)));
    });
}

function changeCommands(webhooks: Command, context: Context) {
  const { client, show, say } = context;
  webhooks
    .command('rotate')
    .argument('<id>')
    .description('rotate the secret; the earlier one signs for 24 hours more')
    .action(async (id: string) => {
      kept(
        context,
        await client()
          .expecting(answers.webhookWithSecret)
          .post(`${pathOf(id)}:rotate`),
      );
      say('The earlier secret signs too, for 24 hours more.\n');
    });

  webhooks
    .command('enable')
    .argument('<id>')
    .description('enable a webhook that was disabled')
    .action(async (id: string) => {
      const it = await client().expecting(answers.webhook).patch(pathOf(id), { enabled: true });
      show(it, () => row(cells(it)));
    });

  webhooks
    .command('remove')
    .alias('delete')
    .argument('<id>')
    .description('remove a webhook')
    .action(async (id: string) => {
      await client().delete(pathOf(id));
      show({ id, removed: true }, () => `${id} removed`);
    });
}

function kept({ show, say }: Context, it: WithSecret) {
  // Slack and Teams verify no signature
  const isSigned = it.format === 'standard';
  show(it, () => (isSigned ? `${it.id}  ${it.secret}` : it.id));
  if (isSigned) say('Keep the secret: it is not shown again.\n');
}

interface AddOptions {
  app?: string;
  campaign?: string;
  type?: string[];
  slack?: boolean;
  teams?: boolean;
  description?: string;
}

const pathOf = (id: string) => `/v1/webhooks/${encodeURIComponent(id)}`;

const HEADINGS = ['ID', 'STATE', 'EVENTS OF', 'FORMAT', 'URL', 'DESCRIPTION'];

/** The path of a Slack or Teams webhook is a password, so only its host is shown; --json shows all. */
function cells(it: WebhookView): string[] {
  const where = it.format === 'standard' ? it.url : `${new URL(it.url).origin}/…`;
  const of = it.campaignId ? `campaign ${it.campaignId}` : it.app ? `app ${it.app}` : 'all';
  const state = it.enabled
    ? it.failingSince
      ? `failing since ${it.failingSince}`
      : 'on'
    : `off: ${it.disabledReason}`;
  return [it.id, state, of, it.format, where, it.description ?? ''];
}

const DELIVERY_HEADINGS = ['AT', 'ID', 'STATE', 'TYPE', 'SUBJECT', 'ANSWER'];

function deliveryCells({ id, state, event, createdAt, attempts }: DeliveryView): string[] {
  const last = attempts.at(-1);
  const said = last ? String(last.status ?? last.error) : 'not tried yet';
  return [createdAt, id, state, event.type, event.subject, said];
}
