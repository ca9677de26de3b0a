/** A campaign followed over real connections, cut and continued. */

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, request as requestHttp } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type TestContext, test } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import { getRequestListener } from '@hono/node-server';
import { createClient } from '../../../functions/cli/client/client.ts';
import { readEvents, type ServerEvent } from '../../../functions/cli/client/server-events.ts';
import { watchCampaign } from '../../../functions/cli/watch.ts';
import { createApi } from '../../../functions/http/api.ts';
import type { CampaignView } from '../../../functions/http/campaigns/view.ts';
import { inTurn, openFront } from '../../../functions/local/google/front.ts';
import type { Store } from '../../../functions/ports/ports.ts';
import { EVERYBODY, finish, pageOf } from '../../contracts/store-fixture.ts';
import { keptOpen } from '../../kept-open.ts';
import { createFixture, jsonOf, NOW, campaign as request } from '../fixture.ts';

const DEADLINE_MS = 5 * 60 * 1000;

/** The API on a port, behind a proxy as Google's front end is; `looks` counts what it reads. */
async function serve(t: TestContext) {
  const fixture = await createFixture(t);
  const looks = { now: 0 };
  const store: Store = {
    ...fixture.store,
    timeline: (...args) => {
      looks.now += 1;
      return fixture.store.timeline(...args);
    },
  };
  const stop = new AbortController();
  const api = createApi({ ...fixture.ports, store }, { stop: stop.signal });
  const server = createServer(keptOpen, getRequestListener(api.fetch));
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const { port } = server.address() as AddressInfo;
  const front = await openFront({ take: inTurn(() => [port]) });
  t.after(async () => {
    stop.abort();
    await front.close();
    const closed = new Promise((resolve) => server.close(resolve));
    server.closeAllConnections();
    await closed;
  });
  const { id } = await jsonOf<CampaignView>(
    await fixture.ask('POST', '/v1/campaigns', request, { 'Idempotency-Key': 'k' }),
  );
  const follow = async (after: string | null, query = '') => {
    const cut = new AbortController();
    const response = await fetch(`${front.url}/v1/campaigns/${id}/events${query}`, {
      headers: {
        Authorization: `Bearer ${fixture.key}`,
        ...(after !== null && { 'Last-Event-ID': after }),
      },
      signal: AbortSignal.any([cut.signal, AbortSignal.timeout(DEADLINE_MS)]),
    });
    return { response, events: readEvents(response.body ?? ReadableStream.from([])), cut };
  };
  const client = createClient(front.url, fixture.key);
  return { ...fixture, id, follow, looks, front, client, stop };
}

const said = (all: ServerEvent[]) =>
  all.filter((it) => it.event !== 'heartbeat' && it.event !== 'campaign').map((it) => it.event);

async function until(events: AsyncIterable<ServerEvent>, enough: (all: ServerEvent[]) => boolean) {
  const all: ServerEvent[] = [];
  for await (const it of events) {
    all.push(it);
    if (enough(all)) break;
  }
  return all;
}

test('a campaign is followed from its acceptance to its end, through a proxy, then the stream ends', async (t) => {
  const { store, id, follow } = await serve(t);
  const { response, events } = await follow(null);
  assert.equal(response.status, 200);
  assert.match(response.headers.get('content-type')!, /^text\/event-stream/);
  const all: ServerEvent[] = [];
  const followed = (async () => {
    for await (const it of events) all.push(it);
  })();
  await store.startCampaign({ id, shards: [EVERYBODY], dueAt: NOW, at: NOW });
  await store.freezePage(pageOf(id, [2, 1], { last: true }));
  await finish(store, `${id}.0.0.0`);
  await finish(store, `${id}.0.0.1`);
  await followed;
  assert.deepEqual(said(all), ['campaign.accepted', 'campaign.started', 'campaign.completed']);
  const last = JSON.parse(all.at(-1)!.data) as CampaignView;
  assert.deepEqual([last.state, last.counts.accepted], ['completed', 3]);
  const again = await follow(all.at(-1)!.id);
  assert.equal(again.response.status, 204, 'EventSource stops then');
});

test('a client that is cut off repeatedly misses nothing and gets nothing twice', async (t) => {
  const { store, id, follow } = await serve(t);
  const all: ServerEvent[] = [];
  let after: string | null = null;
  const listen = async (enough: (all: ServerEvent[]) => boolean) => {
    const { events, cut } = await follow(after);
    const some = await until(events, enough);
    cut.abort();
    all.push(...some);
    after = some.at(-1)?.id ?? after;
  };
  await listen((it) => it.at(-1)!.event === 'campaign.accepted');
  await store.startCampaign({ id, shards: [EVERYBODY], dueAt: NOW, at: NOW });
  await store.moveCampaign({
    id,
    from: ['running'],
    to: 'paused',
    reason: 'a key is wrong',
    at: NOW,
  });
  await store.moveCampaign({ id, from: ['paused'], to: 'running', reason: null, at: NOW });
  await listen((it) => it.at(-1)!.event === 'campaign.paused');
  await store.moveCampaign({ id, from: ['running'], to: 'paused', reason: 'again', at: NOW });
  await listen((it) => it.at(-1)!.event === 'campaign');
  await store.moveCampaign({ id, from: ['paused'], to: 'running', reason: null, at: NOW });
  await store.freezePage(pageOf(id, [2], { last: true }));
  await finish(store, `${id}.0.0.0`);
  await listen(() => false);
  assert.deepEqual(said(all), [
    ...['campaign.accepted', 'campaign.started', 'campaign.paused', 'campaign.paused'],
    'campaign.completed',
  ]);
  const ids = all.map((it) => it.id).filter((it) => it !== null);
  assert.equal(new Set(ids).size, ids.length);
});

test('a hundred followers of a campaign cost one poller, and none when they are gone', async (t) => {
  const { follow, looks } = await serve(t);
  const warned: Error[] = [];
  const onWarning = (it: Error) => warned.push(it);
  process.on('warning', onWarning);
  t.after(() => process.off('warning', onWarning));
  const all = await Promise.all(Array.from({ length: 100 }, () => follow(null)));
  await Promise.all(all.map((it) => until(it.events, (got) => got.at(-1)!.event === 'campaign')));
  const before = looks.now;
  await wait(1200);
  assert.ok(looks.now - before <= 4, `${looks.now - before} looks in 1.2 s`);
  for (const { cut } of all) cut.abort();
  for (let quiet = 0, last = -1; quiet < 3; ) {
    await wait(600);
    quiet = looks.now === last ? quiet + 1 : 0;
    last = looks.now;
  }
  assert.deepEqual(warned, []);
});

test('a client without streams asks with wait, and gets the same', async (t) => {
  const { store, id, follow } = await serve(t);
  type Answer = { events: { id: string; event: string }[]; last: string; ended: boolean };
  const ask = async (after: string, seconds: number) =>
    jsonOf<Answer>((await follow(null, `?wait=${seconds}&after=${after}`)).response);
  const first = await ask('0', 0);
  assert.deepEqual(
    first.events.map((it) => it.event),
    ['campaign.accepted', 'campaign'],
  );
  const nothing = await ask(first.last, 0);
  assert.deepEqual(nothing, { events: [], last: first.last, ended: false });
  const waiting = ask(first.last, 30);
  await store.startCampaign({ id, shards: [EVERYBODY], dueAt: NOW, at: NOW });
  const second = await waiting;
  assert.deepEqual(
    second.events.map((it) => it.event),
    ['campaign.started', 'campaign'],
  );
  await store.freezePage(pageOf(id, [], { last: true }));
  const last = await ask(second.last, 30);
  assert.equal(last.ended, true);
  assert.deepEqual(await ask(last.last, 30), { events: [], last: last.last, ended: true });
});

test('a silent stream sends heartbeats, and ends after its time', async (t) => {
  const { ports, ask } = await createFixture(t);
  const { createLive } = await import('../../../functions/http/campaigns/live.ts');
  const { id } = await jsonOf<CampaignView>(await ask('POST', '/v1/campaigns', request));
  const { eventsCall } = await import('../../../functions/http/campaigns/events.ts');
  const { Hono } = await import('hono');
  const { serve } = await import('../../../functions/http/core/call.ts');
  const app = new Hono();
  const times = { stop: new AbortController().signal, heartbeatMs: 20, maxStreamMs: 100 };
  serve(app, [eventsCall(createLive(ports), times)], {
    authorize: async () => null,
    admit: () => null,
  });
  const response = await app.request(`/v1/campaigns/${id}/events`);
  const all: ServerEvent[] = [];
  for await (const it of readEvents(response.body!)) all.push(it);
  // on a busy machine the end may come with the first of them
  assert.ok(all.some((it) => it.event === 'heartbeat'));
  assert.deepEqual(said(all), ['campaign.accepted']);
});

test('streams end when the server stops; an unknown campaign has none', async (t) => {
  const { stop, follow, front, key } = await serve(t);
  const { events } = await follow(null);
  const ended = until(events, () => false);
  await wait(50);
  stop.abort();
  await ended;
  const none = await fetch(`${front.url}/v1/campaigns/nothing/events`, {
    headers: { Authorization: `Bearer ${key}` },
  });
  assert.equal(none.status, 404);
  await none.arrayBuffer();
});

test('a follower continues after cuts in the middle of a line', async (t) => {
  const { store, id, client, front, key } = await serve(t);
  let cuts = 0;
  // a proxy that breaks off after a few hundred bytes: the campaign as it is takes more, so that each cut is in it or before
  const proxy = createServer(keptOpen, (req, res) => {
    const onward = requestHttp(new URL(req.url!, front.url), { headers: req.headers }, (answer) => {
      res.writeHead(answer.statusCode!, answer.headers);
      let left = cuts < 3 ? 300 : Number.POSITIVE_INFINITY;
      answer.on('data', (chunk: Buffer) => {
        const isCut = chunk.length > left;
        res.write(chunk.subarray(0, left));
        left -= chunk.length;
        if (!isCut) return;
        cuts += 1;
        res.destroy();
        answer.destroy();
      });
      answer.on('end', () => res.end());
      answer.on('error', () => res.destroy());
    });
    onward.on('error', () => res.destroy());
    onward.end();
  });
  await once(proxy.listen(0, '127.0.0.1'), 'listening');
  t.after(async () => {
    proxy.closeAllConnections();
    await new Promise((resolve) => proxy.close(resolve));
  });
  const { port } = proxy.address() as AddressInfo;
  const watching = watchCampaign(createClient(`http://127.0.0.1:${port}`, key), id, null, {
    pollMs: 10,
  });
  await store.startCampaign({ id, shards: [EVERYBODY], dueAt: NOW, at: NOW });
  await store.freezePage(pageOf(id, [2], { last: true }));
  await finish(store, `${id}.0.0.0`);
  const done = await watching;
  assert.equal(done.state, 'completed');
  assert.equal(cuts, 3);
  assert.deepEqual(await watchCampaign(client, id, null), done);
});
