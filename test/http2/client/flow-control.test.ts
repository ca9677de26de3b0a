import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as F from '../../../functions/http2/session/protocol.ts';
import { frame, headers, number, ok, settings } from '../frames.ts';
import { until } from '../peer.ts';
import { type Frame, rawPair } from '../raw.ts';

const ping = (flags = 0) => frame(F.PING, flags, 0, '12345678');

test('the bodies of requests wait for windows, which may be negative', async (t) => {
  const { client, peer } = await rawPair(t, settings([F.INITIAL_WINDOW_SIZE, 10]));
  const body = Buffer.from('0123456789abcdefghijklmnopqrstuvwxyz');
  const ended = client.open({ body });
  const data = (): Frame[] => peer.frames.filter((it) => it.type === F.DATA && it.id === 1);
  const sent = () => Buffer.concat(data().map((it) => it.payload)).toString();
  const settled = async () => {
    const before = peer.frames.filter((it) => it.type === F.PING).length;
    peer.send(ping());
    await until(() => peer.frames.filter((it) => it.type === F.PING).length > before);
  };
  await peer.next(F.DATA);
  await settled();
  assert.equal(sent(), '0123456789');
  // a window of -5, then of 0, then of 1 byte
  peer.send(settings([F.INITIAL_WINDOW_SIZE, 5]), frame(F.WINDOW_UPDATE, 0, 1, number(5)));
  await settled();
  assert.equal(sent(), '0123456789');
  peer.send(frame(F.WINDOW_UPDATE, 0, 1, number(1)));
  await settled();
  assert.equal(sent(), '0123456789a');
  peer.send(settings([F.INITIAL_WINDOW_SIZE, 15]));
  await settled();
  assert.equal(sent(), '0123456789abcdefghijk');
  peer.send(frame(F.WINDOW_UPDATE, 0, 1, number(1000)));
  await until(() => data().some((it) => (it.flags & F.END_STREAM) !== 0));
  assert.equal(sent(), body.toString());
  peer.send(ok(1));
  assert.equal((await ended).ending, 'answered');
});

test('no stream may be opened while the window of the connection is used up', async (t) => {
  const { client, peer } = await rawPair(t, settings([F.INITIAL_WINDOW_SIZE, 2 ** 20]));
  const ended = client.open({ body: Buffer.alloc(100_000, 'x') });
  const bytes = () =>
    peer.frames.filter((it) => it.type === F.DATA).reduce((sum, it) => sum + it.payload.length, 0);
  await until(() => bytes() === F.DEFAULT_WINDOW);
  assert.equal(client.connection.room(), 0);
  const { rooms } = client;
  peer.send(frame(F.WINDOW_UPDATE, 0, 0, number(100_000)));
  await until(() => bytes() === 100_000);
  assert.ok(client.rooms > rooms && client.connection.room() > 0);
  peer.send(ok(1));
  assert.equal((await ended).ending, 'answered');
});

test('an answer before the end of its request ends the request', async (t) => {
  const { client, peer } = await rawPair(t, settings([F.INITIAL_WINDOW_SIZE, 0]));
  const ended = client.open();
  await peer.next(F.HEADERS);
  peer.send(headers(1, { ':status': '413' }));
  assert.deepEqual([(await ended).ending, (await ended).status], ['answered', 413]);
  assert.equal((await peer.next(F.RST_STREAM)).payload.readUInt32BE(0), F.CANCEL);
});

test('answers that are together larger than our window arrive whole, with few WINDOW_UPDATEs', async (t) => {
  const { client, peer } = await rawPair(t);
  for (let round = 0; round < 60; round++) {
    const ended = client.open();
    const { id } = await peer.next(F.DATA);
    peer.send(
      headers(id, { ':status': '500' }, F.END_HEADERS),
      ...Array.from({ length: 3 }, () => frame(F.DATA, 0, id, Buffer.alloc(16_000, 'y'))),
      frame(F.DATA, F.END_STREAM, id, 'z'),
    );
    assert.equal((await ended).body.length, 48_001);
  }
  const given = peer.frames.filter((it) => it.type === F.WINDOW_UPDATE && it.id === 0);
  const granted = given.reduce((sum, it) => sum + it.payload.readUInt32BE(0), F.DEFAULT_WINDOW);
  assert.ok(granted >= 60 * 48_001 && given.length < 10, `${given.length} updates`);
});

test('a peer that stops reading is sent a limited number of requests', async (t) => {
  const { client, peer } = await rawPair(
    t,
    Buffer.concat([
      settings([F.INITIAL_WINDOW_SIZE, F.MAX_WINDOW]),
      frame(F.WINDOW_UPDATE, 0, 0, number(F.MAX_WINDOW - F.DEFAULT_WINDOW)),
    ]),
  );
  peer.socket.pause();
  const body = Buffer.alloc(16_000, 'x');
  const endings: Promise<unknown>[] = [];
  const turn = () => new Promise((resolve) => setImmediate(resolve));
  for (let idle = 0; idle < 100; idle++) {
    await turn();
    while (client.connection.room() > 0) {
      idle = 0;
      endings.push(client.open({ body }));
    }
  }
  assert.ok(endings.length < 2000, `${endings.length} requests`);
  const { rooms } = client;
  peer.socket.resume();
  await until(() => client.rooms > rooms);
  assert.ok(client.connection.room() > 0);
  client.connection.destroy('enough');
  await Promise.all(endings);
});
