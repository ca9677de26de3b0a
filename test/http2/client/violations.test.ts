import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import * as F from '../../../functions/http2/session/protocol.ts';
import { frame, headers, number, ok, settings } from '../frames.ts';
import { rawPair, startClient, startRawServer } from '../raw.ts';

const ping = (flags = 0) => frame(F.PING, flags, 0, '12345678');

describe('a breach of the protocol ends the connection and every request', () => {
  const cases: [string, number, Buffer][] = [
    ['DATA on no stream', F.PROTOCOL_ERROR, frame(F.DATA, 0, 0, 'x')],
    ['HEADERS on no stream', F.PROTOCOL_ERROR, headers(0, { ':status': '200' })],
    ['an answer on a stream that was not opened', F.PROTOCOL_ERROR, ok(3)],
    ['a stream opened by the server', F.PROTOCOL_ERROR, ok(2)],
    ['DATA on an idle stream', F.PROTOCOL_ERROR, frame(F.DATA, 1, 99, 'x')],
    ['RST_STREAM of an idle stream', F.PROTOCOL_ERROR, frame(F.RST_STREAM, 0, 99, number(0))],
    ['WINDOW_UPDATE of an idle stream', F.PROTOCOL_ERROR, frame(F.WINDOW_UPDATE, 0, 99, number(1))],
    ['RST_STREAM of 5 bytes', F.FRAME_SIZE_ERROR, frame(F.RST_STREAM, 0, 1, '12345')],
    ['PRIORITY of 4 bytes', F.FRAME_SIZE_ERROR, frame(F.PRIORITY, 0, 1, '1234')],
    ['SETTINGS on a stream', F.PROTOCOL_ERROR, frame(F.SETTINGS, 0, 1)],
    ['SETTINGS of 5 bytes', F.FRAME_SIZE_ERROR, frame(F.SETTINGS, 0, 0, '12345')],
    [
      'an acknowledgement with a payload',
      F.FRAME_SIZE_ERROR,
      frame(F.SETTINGS, F.ACK, 0, '123456'),
    ],
    ['ENABLE_PUSH of 2', F.PROTOCOL_ERROR, settings([F.ENABLE_PUSH, 2])],
    ['a window of 2^31', F.FLOW_CONTROL_ERROR, settings([F.INITIAL_WINDOW_SIZE, 2 ** 31])],
    ['frames of 16,383 bytes', F.PROTOCOL_ERROR, settings([F.MAX_FRAME_SIZE, 16_383])],
    ['frames of 2^24 bytes', F.PROTOCOL_ERROR, settings([F.MAX_FRAME_SIZE, 2 ** 24])],
    ['PING of 7 bytes', F.FRAME_SIZE_ERROR, frame(F.PING, 0, 0, '1234567')],
    ['PING on a stream', F.PROTOCOL_ERROR, frame(F.PING, 0, 1, '12345678')],
    ['GOAWAY on a stream', F.PROTOCOL_ERROR, frame(F.GOAWAY, 0, 1, '12345678')],
    ['GOAWAY of 7 bytes', F.FRAME_SIZE_ERROR, frame(F.GOAWAY, 0, 0, '1234567')],
    ['WINDOW_UPDATE of 3 bytes', F.FRAME_SIZE_ERROR, frame(F.WINDOW_UPDATE, 0, 0, '123')],
    ['WINDOW_UPDATE of 0', F.PROTOCOL_ERROR, frame(F.WINDOW_UPDATE, 0, 0, number(0))],
    [
      'a window that overflows',
      F.FLOW_CONTROL_ERROR,
      frame(F.WINDOW_UPDATE, 0, 0, number(F.MAX_WINDOW)),
    ],
    ['CONTINUATION without HEADERS', F.PROTOCOL_ERROR, frame(F.CONTINUATION, 4, 1)],
    [
      'PING within a header block',
      F.PROTOCOL_ERROR,
      Buffer.concat([headers(1, { ':status': '200' }, 0), ping()]),
    ],
    [
      'CONTINUATION of another stream',
      F.PROTOCOL_ERROR,
      Buffer.concat([headers(1, { ':status': '200' }, 0), frame(F.CONTINUATION, 4, 3)]),
    ],
    [
      'PUSH_PROMISE, which is switched off',
      F.PROTOCOL_ERROR,
      frame(F.PUSH_PROMISE, 4, 1, '\0\0\0\x02'),
    ],
    ['more padding than frame', F.PROTOCOL_ERROR, frame(F.DATA, F.PADDED, 1, '\x05abc')],
    [
      'a padded frame without the length of its padding',
      F.FRAME_SIZE_ERROR,
      frame(F.DATA, F.PADDED, 1),
    ],
    ['HEADERS too short for its priority', F.PROTOCOL_ERROR, frame(F.HEADERS, 0x24, 1, 'abc')],
    [
      'a malformed header block',
      F.COMPRESSION_ERROR,
      frame(F.HEADERS, 5, 1, '\xff\xff\xff\xff\xff\xff'),
    ],
    ['a frame of 16,385 bytes', F.FRAME_SIZE_ERROR, frame(F.DATA, 0, 1, Buffer.alloc(16_385))],
    [
      'an endless header block',
      F.ENHANCE_YOUR_CALM,
      Buffer.concat([
        headers(1, { ':status': '200' }, 0),
        ...Array.from({ length: 5 }, () => frame(F.CONTINUATION, 0, 1, Buffer.alloc(16_000))),
      ]),
    ],
    [
      'a flood of PING',
      F.ENHANCE_YOUR_CALM,
      Buffer.concat(Array.from({ length: 50_000 }, () => ping())),
    ],
    [
      'a flood of SETTINGS',
      F.ENHANCE_YOUR_CALM,
      Buffer.concat(Array.from({ length: 50_000 }, () => settings())),
    ],
    [
      'a flood of empty DATA',
      F.ENHANCE_YOUR_CALM,
      Buffer.concat([
        headers(1, { ':status': '500' }, F.END_HEADERS),
        ...Array.from({ length: 50_000 }, () => frame(F.DATA, 0, 1)),
      ]),
    ],
    [
      'a flood of unknown frames',
      F.ENHANCE_YOUR_CALM,
      Buffer.concat(Array.from({ length: 50_000 }, () => frame(0xbb, 0, 1))),
    ],
    [
      'a flood of empty CONTINUATION',
      F.ENHANCE_YOUR_CALM,
      Buffer.concat([
        headers(1, { ':status': '200' }, 0),
        ...Array.from({ length: 50_000 }, () => frame(F.CONTINUATION, 0, 1)),
      ]),
    ],
  ];
  for (const [what, code, bytes] of cases)
    test(what, async (t) => {
      const { client, peer } = await rawPair(t);
      const ended = client.open();
      await peer.next(F.DATA);
      peer.send(bytes);
      assert.equal(await peer.goawayCode(), code);
      assert.equal((await ended).ending, 'no-answer');
      await client.closed;
    });

  test('a first frame that is not SETTINGS', async (t) => {
    const server = await startRawServer(t, ping());
    const client = startClient(t, server.origin);
    assert.equal(await (await server.peer()).goawayCode(), F.PROTOCOL_ERROR);
    assert.match(await client.closed, /first frame/);
  });

  test('an answer in HTTP/1.1', async (t) => {
    const server = await startRawServer(t, Buffer.from('HTTP/1.1 400 Bad Request\r\n\r\n'));
    const client = startClient(t, server.origin);
    assert.equal(await (await server.peer()).goawayCode(), F.FRAME_SIZE_ERROR);
    assert.match(await client.closed, /protocol/);
  });
});

describe('an error of one stream ends that stream, and the connection continues', () => {
  const cases: [string, number, Buffer][] = [
    ['an answer without a status', F.PROTOCOL_ERROR, headers(1, { 'content-type': 'a' })],
    ['two statuses', F.PROTOCOL_ERROR, frame(F.HEADERS, 5, 1, '\x88\x88')],
    ['a status of 2000', F.PROTOCOL_ERROR, headers(1, { ':status': '2000' })],
    ['a method in an answer', F.PROTOCOL_ERROR, headers(1, { ':status': '200', ':method': 'GET' })],
    ['a name in upper case', F.PROTOCOL_ERROR, headers(1, { ':status': '200', Date: 'x' })],
    ['a header of HTTP/1.1', F.PROTOCOL_ERROR, headers(1, { ':status': '200', connection: 'x' })],
    ['the status 101', F.PROTOCOL_ERROR, headers(1, { ':status': '101' }, F.END_HEADERS)],
    ['the status 100 with END_STREAM', F.PROTOCOL_ERROR, headers(1, { ':status': '100' })],
    ['a body before its headers', F.PROTOCOL_ERROR, frame(F.DATA, 1, 1, 'x')],
    [
      'trailers without END_STREAM',
      F.PROTOCOL_ERROR,
      Buffer.concat([
        headers(1, { ':status': '500' }, F.END_HEADERS),
        headers(1, { a: 'b' }, F.END_HEADERS),
      ]),
    ],
    [
      'a body shorter than its content-length',
      F.PROTOCOL_ERROR,
      Buffer.concat([
        headers(1, { ':status': '500', 'content-length': '5' }, F.END_HEADERS),
        frame(F.DATA, 1, 1, 'abc'),
      ]),
    ],
    ['WINDOW_UPDATE of 0', F.PROTOCOL_ERROR, frame(F.WINDOW_UPDATE, 0, 1, number(0))],
    [
      'a window that overflows',
      F.FLOW_CONTROL_ERROR,
      frame(F.WINDOW_UPDATE, 0, 1, number(F.MAX_WINDOW)),
    ],
    [
      'headers that are too long',
      F.CANCEL,
      headers(
        1,
        Object.fromEntries(Array.from({ length: 130 }, (_, i) => [`name-${i}`, 'x'.repeat(110)])),
        5,
      ),
    ],
  ];
  for (const [what, code, bytes] of cases)
    test(what, async (t) => {
      const { client, peer } = await rawPair(t);
      const ended = client.open();
      await peer.next(F.DATA);
      // frames that were on their way when the stream was reset are ignored
      peer.send(bytes, frame(F.DATA, 1, 1, 'late'), frame(F.RST_STREAM, 0, 1, number(0)));
      const reset = await peer.next(F.RST_STREAM);
      assert.deepEqual([reset.id, reset.payload.readUInt32BE(0)], [1, code]);
      assert.equal((await ended).ending, 'no-answer');
      const second = client.open();
      assert.equal((await peer.next(F.DATA)).id, 3);
      peer.send(ok(3));
      assert.equal((await second).ending, 'answered');
    });
});
