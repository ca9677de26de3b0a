/** Webhooks: outgoing ones, and inbound ones (triggers). */

import type { DeliveryView } from '../../../http/webhooks/view.ts';
import type { EventType } from '../../../model/event.ts';
import type { Webhook } from '../../../model/webhook.ts';

const events: Record<Exclude<EventType, 'webhook.test' | 'warehouse.rows'>, string> = {
  'campaign.accepted': 'A campaign is accepted',
  'campaign.started': 'It begins',
  'campaign.progress': 'Its counts, at most every five seconds',
  'campaign.paused': 'It is paused',
  'campaign.completed': 'It is complete',
  'campaign.failed': 'Every recipient failed',
  'campaign.receipts': 'How many devices opened it, at most every five seconds; only if named',
  'installation.unregistered': 'Devices that have removed the app',
  'push.failed': 'Pushes that failed for good',
  'webhook.disabled': 'Another webhook is turned off',
};

const formats: Record<Webhook['format'], string> = {
  standard: 'CloudEvents, signed',
  slack: 'Slack',
  teams: 'Microsoft Teams',
};

const states: Record<DeliveryView['state'], string> = {
  pending: 'Pending',
  delivered: 'Delivered',
  failed: 'Failed',
};

export const webhooks = {
  title: 'Webhooks',
  one: 'Webhook',
  outgoing: 'Outgoing',
  outgoingMore: 'Volley tells your servers, or a chat, what becomes of campaigns.',
  add: 'New webhook',
  none: 'No server is told anything yet',
  noneMore:
    'A webhook posts events, such as a finished campaign, to an address of yours. Each is signed, and retried for three days.',
  table: 'Outgoing webhooks',
  columns: { url: 'Address', about: 'About', events: 'Events', state: 'State' },
  on: 'On',
  off: 'Off',
  failing: 'Failing',
  all: 'All apps',
  app: (name: string) => `App ${name}`,
  campaign: 'One campaign',
  eventCount: (count: number) => (count === 1 ? '1 event' : `${count} events`),
  events,
  formats,
  form: {
    title: 'New webhook',
    url: 'Address',
    urlHint: 'Answers 2xx within 15 seconds.',
    description: 'Description',
    about: 'About',
    campaign: 'Id of the campaign',
    format: 'Form',
    types: 'Events',
    make: 'Add the webhook',
  },
  secretTitle: 'The signing secret',
  secretMore:
    'Your server checks signatures with it, by any library of Standard Webhooks. It is shown only now.',
  test: 'Send a test',
  tested: (status: number, ms: number) => `The receiver answered ${status} after ${ms} ms.`,
  untested: (error: string) => `No answer: ${error}`,
  rotate: 'Rotate the secret',
  rotateTitle: 'Rotate the secret?',
  rotateMore: 'Deliveries are signed with both secrets for 24 hours, then with the new one only.',
  turnOff: 'Turn off',
  turnOn: 'Turn on',
  turnedOff: (reason: string) => `It is off: ${reason}.`,
  remove: 'Delete',
  removeTitle: 'Delete this webhook?',
  removeMore: 'It gets no more events, and its deliveries are gone.',
  facts: {
    about: 'About',
    events: 'Events',
    format: 'Form',
    failing: 'Failing since',
    created: 'Created',
    label: 'About this webhook',
  },
  deliveries: 'Deliveries',
  noDeliveries: 'Nothing was delivered yet. A test shows whether the receiver answers.',
  states,
  attempts: (count: number) => (count === 1 ? '1 attempt' : `${count} attempts`),
  attempt: { at: 'Attempt', answer: 'Answer', ms: 'Took' },
  event: 'Event',
  subject: 'About',
  noAnswer: 'No answer',
  nextAt: 'Next attempt',
  replay: 'Replay',
  replayed: 'The event is on its way again.',
  replayOff: 'The webhook is off.',
  replayPending: 'It is being delivered.',
};
