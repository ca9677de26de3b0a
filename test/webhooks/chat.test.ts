import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { webhookOf } from '../contracts/store-webhooks.ts';
import { accepted } from '../pipeline/script.ts';
import { createWorld } from '../pipeline/world.ts';
import { createReceiver } from './receiver.ts';

/** The message that a chat gets about a campaign in which three pushes in a thousand fail. */
async function posted(t: TestContext, format: 'slack' | 'teams', name: string) {
  const world = createWorld(t);
  const receiver = await createReceiver(t);
  await world.people(1000, () => ({ language: 'de' }));
  world.script.answer = ({ index }) => {
    world.clock.now += 2;
    return index < 3 ? { kind: 'rejected', reason: 'INVALID_ARGUMENT' } : accepted;
  };
  const webhook = webhookOf({
    url: receiver.url,
    format,
    origin: 'https://push.example.com',
    types: ['campaign.completed', 'campaign.failed', 'campaign.paused'],
  });
  await world.store.addWebhook(webhook, 9);
  const id = await world.campaign({ name, audience: { language: ['de'] } });
  await world.run();
  await world.closed(id);
  assert.equal(receiver.got.length, 1);
  const [got] = receiver.got;
  assert.match(got!.headers['content-type']!, /^application\/json/);
  return { id, body: got!.body, message: JSON.parse(got!.body) };
}

const link = (id: string) => `https://push.example.com/v1/campaigns/${id}/report`;

test('Slack gets the report of a campaign as blocks', async (t) => {
  const { id, message, body } = await posted(t, 'slack', 'Autumn <!channel> & more');
  assert.equal(message.text, 'Autumn &lt;!channel&gt; &amp; more is completed');
  const [header, section, reasons, context] = message.blocks;
  assert.deepEqual(header, {
    type: 'header',
    text: { type: 'plain_text', text: 'Autumn <!channel> & more is completed' },
  });
  const fields = section.fields.map((it: { text: string }) => it.text);
  const labels = fields.map((it: string) => it.match(/^\*(.*)\*\n/)?.[1]);
  assert.deepEqual(labels, [
    ...['Campaign', 'Title', 'Audience', 'State', 'Installations', 'Accepted', 'Failed'],
    ...['Duration', 'Rate'],
  ]);
  assert.ok(fields.includes('*Installations*\n1,000'));
  assert.ok(fields.includes('*Accepted*\n997 by FCM'));
  assert.ok(fields.includes('*Failed*\n3'));
  assert.ok(fields.includes('*Audience*\nlanguage de'));
  assert.equal(reasons.text.text, '*Failures by reason*\n3 INVALID_ARGUMENT');
  assert.equal(context.elements[0].text, `<${link(id)}|Report>`);
  assert.ok(!fields.some((it: string) => it.includes('<!')), 'no user is mentioned');
  assert.ok(!body.includes('token-of'), 'no tokens');
});

test('Teams gets the report of a campaign as an adaptive card', async (t) => {
  const { id, message } = await posted(t, 'teams', 'Autumn [free](https://evil.example)');
  assert.equal(message.type, 'message');
  const [{ contentType, content }] = message.attachments;
  assert.equal(contentType, 'application/vnd.microsoft.card.adaptive');
  assert.equal(content.type, 'AdaptiveCard');
  const [headline, facts] = content.body;
  assert.ok(!headline.text.includes('[free](https'), 'a name makes no links');
  const of = Object.fromEntries(
    facts.facts.map((it: { title: string; value: string }) => [it.title, it.value]),
  );
  assert.deepEqual([of.Installations, of.Accepted, of.Failed], ['1,000', '997 by FCM', '3']);
  assert.ok(content.body.some((it: { text?: string }) => it.text === '3 INVALID\\_ARGUMENT'));
  assert.deepEqual(content.actions, [{ type: 'Action.OpenUrl', title: 'Report', url: link(id) }]);
});
