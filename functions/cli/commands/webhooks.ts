/** `volley webhooks`: who is told of events. */

import type { Command } from 'commander';
import type { DeliveryView, WebhookView } from '../../http/webhooks/webhooks.ts';
import { collect } from '../campaign-request.ts';
import type { Client, Page } from '../client.ts';
import { fold } from '../format.ts';

type WithSecret = WebhookView & { secret: string };

export interface WebhookIo {
  client(): Client;
  show(document: unknown, text: () => string): void;
  /** for what is no result */
  say(text: string): void;
  fail(): void;
}

export function addWebhookCommands(program: Command, { client, show, say, fail }: WebhookIo) {
  const webhooks = program
    .command('webhooks')
    .alias('webhook')
    .description('who is told what becomes of campaigns');

  const kept = (it: WithSecret) => {
    show(it, () => `${it.id}  ${it.secret}`);
    if (it.format === 'standard') say('Keep the secret: it is not shown again.\n');
  };

  webhooks
    .command('add')
    .argument('<url>', 'where events are posted')
    .option('--app <app>', 'of this app only')
    .option('--campaign <id>', 'of this campaign only')
    .option('--type <type>', 'such as campaign.completed; may be repeated', collect)
    .option('--slack', 'a Slack incoming webhook: post the report')
    .option('--teams', 'a Teams incoming webhook: post the report')
    .option('--description <text>')
    .description('register a webhook; prints its id and its secret')
    .action(async (url: string, options: AddOptions) => {
      const { app, campaign: campaignId, type: types, description, slack, teams } = options;
      const format = slack ? 'slack' : teams ? 'teams' : 'standard';
      kept(
        await client().post<WithSecret>('/v1/webhooks', {
          ...{ url, app, campaignId, types, description, format },
        }),
      );
    });

  webhooks
    .command('list')
    .description('those there are, and how they fare')
    .action(async () => {
      const items = await client().all<WebhookView>('/v1/webhooks');
      show({ items }, () => items.map(line).join('\n') || 'none');
    });

  webhooks
    .command('deliveries')
    .argument('<id>')
    .description('what was delivered to it lately, the newest first')
    .action(async (id: string) => {
      const { items } = await client().get<Page<DeliveryView>>(`${pathOf(id)}/deliveries?limit=50`);
      show({ items }, () => items.map(deliveryLine).join('\n') || 'none');
    });

  webhooks
    .command('replay')
    .argument('<id>')
    .argument('<delivery>')
    .description('deliver an event again')
    .action(async (id: string, delivery: string) => {
      const path = `${pathOf(id)}/deliveries/${encodeURIComponent(delivery)}:replay`;
      const it = await client().post<DeliveryView>(path);
      show(it, () => deliveryLine(it));
    });

  webhooks
    .command('test')
    .argument('<id>')
    .description('send it a ping, and see what it answers')
    .action(async (id: string) => {
      const it = await client().post<DeliveryView>(`${pathOf(id)}:test`);
      if (it.state !== 'delivered') fail();
      show(it, () => deliveryLine(it));
    });

  webhooks
    .command('rotate')
    .argument('<id>')
    .description('give it another secret; the one before signs for 24 hours more')
    .action(async (id: string) => kept(await client().post<WithSecret>(`${pathOf(id)}:rotate`)));

  webhooks
    .command('enable')
    .argument('<id>')
    .description('turn on one that was disabled')
    .action(async (id: string) => {
      const it = await client().patch<WebhookView>(pathOf(id), { enabled: true });
      show(it, () => line(it));
    });

  webhooks
    .command('remove')
    .alias('delete')
    .argument('<id>')
    .description('deliver nothing to it any more')
    .action(async (id: string) => {
      await client().delete(pathOf(id));
      show({ id, removed: true }, () => `${id} removed`);
    });
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

/** An incoming webhook's path is its password: only its host is shown, as `--json` shows all. */
function line(it: WebhookView): string {
  const where = it.format === 'standard' ? it.url : `${new URL(it.url).origin}/…`;
  const of = it.campaignId ? `campaign ${it.campaignId}` : it.app ? `app ${it.app}` : 'all';
  const state = it.enabled
    ? it.failingSince
      ? `failing since ${it.failingSince}`
      : 'on'
    : `off: ${it.disabledReason}`;
  return fold([it.id, state, of, it.format, where, it.description].filter(Boolean).join('  '), 2);
}

function deliveryLine({ id, state, event, createdAt, attempts }: DeliveryView): string {
  const last = attempts.at(-1);
  const said = last ? (last.status ?? last.error) : 'not tried yet';
  return fold([createdAt, id, state, event.type, event.subject, said].join('  '), 2);
}
