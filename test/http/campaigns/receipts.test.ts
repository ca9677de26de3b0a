/** What devices reported of a campaign, as it is shown. */

import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import type { CampaignReceiptsView } from '../../../functions/http/campaigns/receipts.ts';
import type { ReportView } from '../../../functions/http/campaigns/report-view.ts';
import type { CampaignView } from '../../../functions/http/campaigns/view.ts';
import type { Campaign } from '../../../functions/model/campaign.ts';
import type { ReceiptKind } from '../../../functions/model/receipt.ts';
import { openingCurve, receiptSummary } from '../../../functions/pipeline/receipt-report.ts';
import { MINUTE, person } from '../../contracts/store-fixture.ts';
import { createFixture, jsonOf, NOW, campaign as request } from '../fixture.ts';

/** A campaign that has begun, to so many installations. */
async function begun(t: TestContext, installations: number, policy: object = {}) {
  const fixture = await createFixture(t);
  const { ask, store } = fixture;
  const ids = Array.from({ length: installations }, (_, i) => `phone-${i}`);
  await store.putInstallations(ids.map((id) => person(id)));
  await ask('PUT', '/v1/apps/default/policy', { receipts: policy });
  const { id } = await jsonOf<CampaignView>(await ask('POST', '/v1/campaigns', request));
  const whole = { from: 0, to: 2 ** 32 };
  await store.startCampaign({ id, shards: [whole], dueAt: NOW });
  await store.notePush(id, NOW);
  const campaign = (await store.getCampaign(id))!;
  const add = (kind: ReceiptKind, all: { id: string; at: number }[]) =>
    store.addReceipts({
      campaign,
      receipts: all.map((it) => ({ installationId: it.id, kind, at: it.at })),
      now: NOW,
      isTold: false,
    });
  return { ...fixture, id, ids, campaign, add };
}

const at = (ids: string[], everyMs: number) => ids.map((id, i) => ({ id, at: NOW + i * everyMs }));

test('a campaign, its report and its stream have them; lists and answers to changes have not', async (t) => {
  const { ask, id, ids, add } = await begun(t, 10, { delivered: 1 });
  const path = `/v1/campaigns/${id}`;
  const none = { opened: 0, delivered: 0, dismissed: 0 };
  assert.deepEqual((await jsonOf<CampaignView>(await ask('GET', path))).receipts, none);
  await add('opened', at(ids.slice(0, 3), 1_000));
  await add('delivered', at(ids.slice(0, 7), 1_000));
  await add('dismissed', at(ids.slice(3, 4), 1_000));
  const all = { opened: 3, delivered: 7, dismissed: 1 };
  assert.deepEqual((await jsonOf<CampaignView>(await ask('GET', path))).receipts, all);
  const report = await jsonOf<ReportView>(await ask('GET', `${path}/report`));
  assert.deepEqual(report.campaign.receipts, all);
  const news = await ask('GET', `${path}/events?wait=0`);
  const { events } = await jsonOf<{ events: { event: string; data: CampaignView }[] }>(news);
  assert.deepEqual(events.find((it) => it.event === 'campaign')!.data.receipts, all);
  const text = await (
    await ask('GET', `${path}/report`, undefined, { Accept: 'text/plain' })
  ).text();
  assert.match(text, /^Delivered +7\nOpened +3\nDismissed +1\n/m);
  const { items } = await jsonOf<{ items: CampaignView[] }>(await ask('GET', '/v1/campaigns'));
  assert.ok(!Object.hasOwn(items[0]!, 'receipts'));
  const paused = await jsonOf<CampaignView>(await ask('POST', `${path}/pause`));
  assert.ok(!Object.hasOwn(paused, 'receipts'));
});

test('where an app has switched them off there are none, and no zeros either', async (t) => {
  const { ask, id } = await begun(t, 1, { enabled: false });
  const path = `/v1/campaigns/${id}`;
  assert.equal((await jsonOf<CampaignView>(await ask('GET', path))).receipts, undefined);
  const found = await jsonOf<CampaignReceiptsView>(await ask('GET', `${path}/receipts`));
  assert.deepEqual(found, { receipts: null, opened: { everyMinutes: 1, exact: true, points: [] } });
  assert.equal((await ask('GET', '/v1/campaigns/nothing/receipts')).status, 404);
});

test('of a sample it says for how many it stands, and in which interval', async (t) => {
  const { ports, campaign } = await begun(t, 0);
  const of = (delivered: number, recipients: number, share = 0.02) => {
    const store = {
      ...ports.store,
      receiptCounts: async () => ({ opened: 0, delivered, dismissed: 0 }),
    };
    const sums = { recipients, accepted: recipients, failed: 0, skipped: 0 };
    return receiptSummary({ store }, { ...campaign, receipts: { delivered: share } }, sums);
  };
  // Wilson's interval for a count: (z2 / 2 + n) -+ z * sqrt(1 - s) * sqrt(n + z2 (1 - s) / 4), by the share
  const about = { about: 2_000, low: 1_473, high: 2_715, share: 0.02 };
  assert.deepEqual((await of(40, 10_000))!.estimated, about);
  // no more than there are recipients, and no fewer than have told
  assert.deepEqual((await of(40, 2_100))!.estimated, { ...about, high: 2_100 });
  assert.deepEqual((await of(40, 30))!.estimated, { about: 40, low: 40, high: 40, share: 0.02 });
  assert.deepEqual((await of(0, 10_000))!.estimated, { about: 0, low: 0, high: 189, share: 0.02 });
  assert.equal((await of(40, 10_000, 1))!.estimated, null);
  assert.equal((await of(0, 10_000, 0))!.estimated, null);
});

test('the curve has how many had opened it by when', async (t) => {
  const { ask, id, ids, add } = await begun(t, 200);
  await add('opened', at(ids.slice(0, 120), MINUTE));
  const read = async () =>
    (await jsonOf<CampaignReceiptsView>(await ask('GET', `/v1/campaigns/${id}/receipts`))).opened;
  const first = await read();
  assert.deepEqual([first.everyMinutes, first.exact, first.points.length], [1, true, 121]);
  assert.deepEqual(
    [first.points[0], first.points[1], first.points.at(-1)],
    [0, 1, 120].map((n) => ({ at: new Date(NOW + n * MINUTE).toISOString(), opened: n })),
  );
  // more minutes than points: each point is of several
  await add('opened', at(ids, MINUTE).slice(120));
  const second = await read();
  assert.deepEqual([second.everyMinutes, second.points.length], [2, 101]);
  assert.deepEqual(second.points[50]!.opened, 100);
  assert.deepEqual(second.points.at(-1)!.opened, 200);
});

test('of a large campaign it reads a part, and its end is exact', async (t) => {
  const { store, campaign, ids, add } = await begun(t, 3_000);
  await add('opened', at(ids, 1_000));
  const ranges: number[] = [];
  const looking = {
    ...store,
    readReceipts: (...args: Parameters<typeof store.readReceipts>) => {
      ranges.push(args[2].to - args[2].from);
      return store.readReceipts(...args);
    },
  };
  // a million installations
  const large: Campaign = { ...campaign, shards: 16 };
  const { isExact, points } = await openingCurve({ store: looking }, large, ids.length);
  assert.deepEqual([isExact, ranges], [false, [2 ** 32 / 16]]);
  assert.equal(points.at(-1)!.opened, 3_000);
  const middle = points.find((it) => it.at === NOW + 25 * MINUTE)!.opened;
  assert.ok(
    middle > 1_000 && middle < 2_000,
    `half have opened it after 25 of 50 minutes: ${middle}`,
  );
});

test('a curve of more minutes than a call takes arguments is drawn', async (t) => {
  const { store, campaign } = await begun(t, 0);
  const minutes = 200_000;
  const forged = {
    ...store,
    async *readReceipts() {
      const times = Array.from({ length: minutes }, (_, i) => NOW + i * MINUTE);
      yield { names: times.map(() => ''), times };
    },
  };
  const { step, points } = await openingCurve({ store: forged }, campaign, minutes);
  assert.equal(step, 1440);
  assert.equal(points.at(-1)!.opened, minutes);
});
