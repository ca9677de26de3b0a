/**
 * Chat messages about a campaign, as the JSON that incoming webhooks of chats take: Slack's blocks
 * (Mattermost and others read them too), and an adaptive card for Microsoft Teams.
 * https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks
 * https://learn.microsoft.com/microsoftteams/platform/webhooks-and-connectors/how-to/connectors-using
 */

import { chunked } from '../lib/chunked.ts';
import type { CampaignEvent } from '../model/event.ts';
import { reasonLines, report, reportLines } from '../pipeline/report.ts';
import type { Ports } from '../ports/ports.ts';

interface ChatText {
  headline: string;
  facts: [label: string, value: string][];
  /** reasons of failures, the most frequent first */
  reasons: string[];
  link: string | null;
}

const TOP_REASONS = 5;
/** Slack's limits are 150 characters in a headline, 2,000 in a field, and 10 fields in a section. */
const [MAX_HEADLINE, MAX_VALUE, MAX_FACTS] = [140, 300, 10];

/**
 * The message about an event. It is made when it is posted, from the campaign as it is then. `origin`
 * is this deployment's own, for the link to the report. Throws what the store throws.
 */
export async function chatMessage(
  ports: Ports,
  format: 'slack' | 'teams',
  event: CampaignEvent,
  origin: string,
): Promise<object> {
  const text = await textOf(ports, event, origin);
  return format === 'slack' ? toSlack(text) : toTeams(text);
}

const verbs: Partial<Record<CampaignEvent['type'], string>> = {
  'campaign.completed': 'is completed',
  'campaign.failed': 'has failed: no push was accepted',
  'campaign.paused': 'is paused',
};

async function textOf(ports: Ports, event: CampaignEvent, origin: string): Promise<ChatText> {
  const link = `${origin}/v1/campaigns/${encodeURIComponent(event.subject)}/report`;
  const made = verbs[event.type] ? await report(ports, event.subject) : null;
  // a test of the webhook, or a campaign that was deleted
  if (!made) return { headline: `Volley: ${event.type}`, facts: [], reasons: [], link: null };
  const { name, state } = made.campaign;
  const verb = state === 'cancelled' ? 'was cancelled' : verbs[event.type];
  return {
    headline: cut(`${name} ${verb}`, MAX_HEADLINE),
    facts: reportLines(made)
      .filter(([label]) => label !== 'Ledger' || !made.ledgerClosed)
      .map(([label, value]): [string, string] => [label, cut(value, MAX_VALUE)]),
    reasons: reasonLines(made, TOP_REASONS).map((it) => cut(it, MAX_VALUE)),
    link,
  };
}

const cut = (text: string, most: number) =>
  text.length > most ? `${text.slice(0, most).toWellFormed()}…` : text;

function toSlack({ headline, facts, reasons, link }: ChatText) {
  const text = (it: string) => ({ type: 'mrkdwn', text: it });
  const fields = facts.map(([label, value]) => text(`*${label}*\n${forSlack(value)}`));
  return {
    // shown in notifications, and by clients that do not know blocks
    text: forSlack(headline),
    blocks: [
      { type: 'header', text: { type: 'plain_text', text: headline } },
      ...chunked(fields, MAX_FACTS).map((some) => ({ type: 'section', fields: some })),
      ...(reasons.length > 0
        ? [{ type: 'section', text: text(`*Failures by reason*\n${forSlack(reasons.join('\n'))}`) }]
        : []),
      ...(link ? [{ type: 'context', elements: [text(`<${link}|Report>`)] }] : []),
    ],
  };
}

/** https://docs.slack.dev/messaging/formatting-message-text#escaping */
const forSlack = (text: string) =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');

function toTeams({ headline, facts, reasons, link }: ChatText) {
  const block = (text: string, rest = {}) => ({ type: 'TextBlock', text, wrap: true, ...rest });
  return {
    type: 'message',
    attachments: [
      {
        contentType: 'application/vnd.microsoft.card.adaptive',
        content: {
          $schema: 'http://adaptivecards.io/schemas/adaptive-card.json',
          type: 'AdaptiveCard',
          version: '1.4',
          body: [
            block(forTeams(headline), { size: 'Large', weight: 'Bolder' }),
            {
              type: 'FactSet',
              facts: facts.map(([title, value]) => ({ title, value: forTeams(value) })),
            },
            ...(reasons.length > 0
              ? [
                  block('Failures by reason', { weight: 'Bolder' }),
                  ...reasons.map((it) => block(forTeams(it), { spacing: 'None' })),
                ]
              : []),
          ],
          actions: link ? [{ type: 'Action.OpenUrl', title: 'Report', url: link }] : [],
        },
      },
    ],
  };
}

/** Teams reads Markdown. A campaign's name must not become a link or other markup. */
const forTeams = (text: string) => text.replace(/[\\[\]()*_`#<>|]/g, (it) => `\\${it}`);
