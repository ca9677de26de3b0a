/**
 * The cases of h2spec that `protocol.test.ts` does not cover, by their numbers there:
 * https://github.com/summerwind/h2spec (in neither Debian nor npm). The sections are those of RFC 7540.
 */

import assert from 'node:assert/strict';
import { describe, type TestContext, test } from 'node:test';
import * as F from '../../../functions/http2/session/protocol.ts';
import { fields, frame, get, goaway, headers, number, settings } from '../frames.ts';
import { until } from '../peer.ts';
import { rawClient } from '../raw.ts';

const { END_HEADERS, END_STREAM, PADDED, PRIORITIZED } = F;
const BOTH = END_HEADERS | END_STREAM;
const ask = (id: number, more: Record<string, string> = {}) => headers(id, { ...get, ...more });
/** The beginning of a request. */
const begin = (id: number, more: Record<string, string> = {}) =>
  headers(id, { ...get, ...more }, END_HEADERS);
const cut = (id: number) => headers(id, get, 0);
const reset = (id: number) => frame(F.RST_STREAM, 0, id, number(F.CANCEL));
const more = (id: number, flags = END_HEADERS) =>
  frame(F.CONTINUATION, flags, id, fields({ a: 'b' }));
const ping = frame(F.PING, 0, 0, '12345678');
const dependsOn = (id: number) => Buffer.concat([number(id), Buffer.from([16])]);
const unknown = frame(0xbb, 0, 0, 'unknown');
/** A request with these bytes at the end of its header block. */
const encoded = (bytes: string) =>
  frame(F.HEADERS, BOTH, 1, Buffer.concat([fields(get), Buffer.from(bytes, 'hex')]));
/** A request with a field whose value is this Huffman code. */
const huffman = (bytes: string) => encoded(`04${(0x80 + bytes.length / 2).toString(16)}${bytes}`);

/** Starts a server that answers every request but those for /held. */
const start = (t: TestContext) =>
  rawClient(t, {
    request: (it) => it.headers[':path'] !== '/held' && it.connection.respond(it, 200, {}, ''),
  });
const held = { ':path': '/held' };
const answered = (id: number) => (it: { type: number; id: number }) =>
  it.type === F.HEADERS && it.id === id;

describe('h2spec: the connection ends', () => {
  const { PROTOCOL_ERROR, FRAME_SIZE_ERROR, FLOW_CONTROL_ERROR, COMPRESSION_ERROR } = F;
  const cases: [string, number, Buffer[]][] = [
    [
      '4.2/3 HEADERS of 16,385 bytes',
      FRAME_SIZE_ERROR,
      [frame(F.HEADERS, BOTH, 1, Buffer.alloc(16_385))],
    ],
    [
      '4.3/2 PRIORITY within a header block',
      PROTOCOL_ERROR,
      [cut(1), frame(F.PRIORITY, 0, 1, dependsOn(0))],
    ],
    ['4.3/3 HEADERS within a header block', PROTOCOL_ERROR, [cut(1), ask(3)]],
    ['5.1/4 CONTINUATION on an idle stream', PROTOCOL_ERROR, [more(1)]],
    ['5.1/7 CONTINUATION after END_STREAM', PROTOCOL_ERROR, [ask(1, held), more(1)]],
    ['5.1/9 a request on a stream that was reset', F.STREAM_CLOSED, [begin(1), reset(1), ask(1)]],
    ['5.1/10 CONTINUATION after a reset', PROTOCOL_ERROR, [begin(1), reset(1), more(1)]],
    ['5.1/12 a request on a stream that has ended', F.STREAM_CLOSED, [ask(1), ask(1)]],
    ['5.1.1/2 a request on a stream with a lower id', PROTOCOL_ERROR, [ask(5), ask(3)]],
    ['5.4.1/2 PING of 7 bytes', FRAME_SIZE_ERROR, [frame(F.PING, 0, 0, '1234567')]],
    ['5.5/2 an unknown frame within a header block', PROTOCOL_ERROR, [cut(1), unknown]],
    ['6.1/1 DATA on no stream', PROTOCOL_ERROR, [begin(1), frame(F.DATA, END_STREAM, 0, 'x')]],
    [
      '6.1/3 DATA with more padding than frame',
      PROTOCOL_ERROR,
      [begin(1), frame(F.DATA, PADDED, 1, '\x05abc')],
    ],
    ['6.2/3 HEADERS on no stream', PROTOCOL_ERROR, [ask(0)]],
    [
      '6.2/4 HEADERS with more padding than frame',
      PROTOCOL_ERROR,
      [frame(F.HEADERS, BOTH | PADDED, 1, '\x05abc')],
    ],
    ['6.3/1 PRIORITY on no stream', PROTOCOL_ERROR, [frame(F.PRIORITY, 0, 0, dependsOn(0))]],
    ['6.3/2 PRIORITY of 4 bytes', FRAME_SIZE_ERROR, [frame(F.PRIORITY, 0, 1, '1234')]],
    ['6.4/1 RST_STREAM on no stream', PROTOCOL_ERROR, [reset(0)]],
    ['6.4/3 RST_STREAM of 3 bytes', FRAME_SIZE_ERROR, [begin(1), frame(F.RST_STREAM, 0, 1, '123')]],
    [
      '6.5/1 an acknowledgement with a payload',
      FRAME_SIZE_ERROR,
      [frame(F.SETTINGS, F.ACK, 0, '123456')],
    ],
    ['6.5/2 SETTINGS on a stream', PROTOCOL_ERROR, [frame(F.SETTINGS, 0, 1)]],
    ['6.5/3 SETTINGS of 3 bytes', FRAME_SIZE_ERROR, [frame(F.SETTINGS, 0, 0, '123')]],
    ['6.5.2/1 ENABLE_PUSH of 2', PROTOCOL_ERROR, [settings([F.ENABLE_PUSH, 2])]],
    ['6.5.2/2 a window of 2^31', FLOW_CONTROL_ERROR, [settings([F.INITIAL_WINDOW_SIZE, 2 ** 31])]],
    ['6.5.2/3 frames of 16,383 bytes', PROTOCOL_ERROR, [settings([F.MAX_FRAME_SIZE, 16_383])]],
    ['6.5.2/4 frames of 2^24 bytes', PROTOCOL_ERROR, [settings([F.MAX_FRAME_SIZE, 2 ** 24])]],
    ['6.7/3 PING on a stream', PROTOCOL_ERROR, [frame(F.PING, 0, 1, '12345678')]],
    ['6.8/1 GOAWAY on a stream', PROTOCOL_ERROR, [frame(F.GOAWAY, 0, 1, '12345678')]],
    ['6.9/1 WINDOW_UPDATE of 0', PROTOCOL_ERROR, [frame(F.WINDOW_UPDATE, 0, 0, number(0))]],
    ['6.9/3 WINDOW_UPDATE of 3 bytes', FRAME_SIZE_ERROR, [frame(F.WINDOW_UPDATE, 0, 0, '123')]],
    [
      '6.9.1/2 a window that overflows',
      FLOW_CONTROL_ERROR,
      [frame(F.WINDOW_UPDATE, 0, 0, number(F.MAX_WINDOW))],
    ],
    ['6.10/3 CONTINUATION on no stream', PROTOCOL_ERROR, [cut(1), more(0)]],
    ['6.10/4 CONTINUATION after a whole block', PROTOCOL_ERROR, [begin(1), more(1)]],
    ['6.10/5 CONTINUATION after END_HEADERS', PROTOCOL_ERROR, [cut(1), more(1), more(1)]],
    [
      '6.10/6 CONTINUATION after DATA',
      PROTOCOL_ERROR,
      [begin(1), frame(F.DATA, 0, 1, 'x'), more(1)],
    ],
    ['hpack/2.3.3/1 an index without an entry', COMPRESSION_ERROR, [encoded('c6')]],
    ['hpack/2.3.3/2 a name without an entry', COMPRESSION_ERROR, [encoded('7f0a0161')]],
    ['hpack/4.2/1 a table size update after the fields', COMPRESSION_ERROR, [encoded('21')]],
    ['hpack/5.2/1 Huffman padding of 8 bits', COMPRESSION_ERROR, [huffman('1fff')]],
    ['hpack/5.2/2 Huffman padding of zeros', COMPRESSION_ERROR, [huffman('18')]],
    ['hpack/5.2/3 EOS within a string', COMPRESSION_ERROR, [huffman('ffffffff')]],
    ['hpack/6.1/1 the index 0', COMPRESSION_ERROR, [encoded('80')]],
    [
      'hpack/6.3/1 a table size update above SETTINGS',
      COMPRESSION_ERROR,
      [frame(F.HEADERS, BOTH, 1, Buffer.from('3fe21f82', 'hex'))],
    ],
  ];
  for (const [what, code, bytes] of cases)
    test(what, async (t) => {
      const { peer } = await start(t);
      peer.send(...bytes);
      assert.equal(await peer.goawayCode(), code);
      await until(() => peer.socket.readableEnded || peer.socket.destroyed);
    });
});

describe('h2spec: the stream ends and the connection continues', () => {
  const { PROTOCOL_ERROR } = F;
  const pair = (name: string, value: string) => fields({ [name]: value });
  const doubled = (name: string, value: string) =>
    frame(F.HEADERS, BOTH, 1, Buffer.concat([fields(get), pair(name, value)]));
  const cases: [string, number, Buffer[]][] = [
    ['5.1/6 HEADERS after END_STREAM', F.STREAM_CLOSED, [ask(1, held), headers(1, { a: 'b' })]],
    [
      '5.1/8 DATA after a reset',
      F.STREAM_CLOSED,
      [begin(1), reset(1), frame(F.DATA, END_STREAM, 1, 'x')],
    ],
    ['8.1.2.1/1 an unknown pseudo-header', PROTOCOL_ERROR, [ask(1, { ':test': 'x' })]],
    [
      '8.1.2.1/3 a pseudo-header in trailers',
      PROTOCOL_ERROR,
      [begin(1), headers(1, { ':method': 'x' })],
    ],
    ['8.1.2.3/2 no method', PROTOCOL_ERROR, [headers(1, { ':scheme': 'https', ':path': '/' })]],
    ['8.1.2.3/3 no scheme', PROTOCOL_ERROR, [headers(1, { ':method': 'POST', ':path': '/' })]],
    ['8.1.2.3/6 two schemes', PROTOCOL_ERROR, [doubled(':scheme', 'https')]],
    ['8.1.2.3/7 two paths', PROTOCOL_ERROR, [doubled(':path', '/')]],
    [
      '8.1.2.6/2 a body in several frames, longer than its content-length',
      PROTOCOL_ERROR,
      [
        begin(1, { 'content-length': '1' }),
        frame(F.DATA, 0, 1, 'x'),
        frame(F.DATA, END_STREAM, 1, 'x'),
      ],
    ],
  ];
  for (const [what, code, bytes] of cases)
    test(what, async (t) => {
      const { peer } = await start(t);
      peer.send(...bytes);
      const { id, payload } = await peer.next(F.RST_STREAM);
      assert.deepEqual([id, payload.readUInt32BE(0)], [1, code]);
      peer.send(ask(3));
      await until(() => peer.frames.some(answered(3)));
    });
});

describe('h2spec: nothing ends', () => {
  const cases: [string, Buffer[]][] = [
    ['4.1/2 an unknown flag', [frame(F.PING, 0xfe, 0, '12345678')]],
    ['4.1/3 the reserved bit', [frame(F.PING, 0, 2 ** 31, '12345678')]],
    ['4.2/1 DATA of 16,384 bytes', [begin(1), frame(F.DATA, END_STREAM, 1, Buffer.alloc(16_384))]],
    // RFC 9113 has deprecated priorities (section 5.3.2), so none can be wrong
    [
      '5.3.1/1 a request that depends on itself',
      [frame(F.HEADERS, BOTH | PRIORITIZED, 1, Buffer.concat([dependsOn(1), fields(get)]))],
    ],
    ['5.3.1/2 PRIORITY that depends on itself', [frame(F.PRIORITY, 0, 3, dependsOn(3))]],
    ['5.5/1 an unknown frame', [unknown]],
    ['6.5.2/5 an unknown setting', [settings([0xff, 1])]],
    ['6.7/2 an acknowledgement without PING', [frame(F.PING, F.ACK, 0, '12345678')]],
    [
      '6.10/1 a header block in many frames',
      [cut(1), more(1, 0), more(1, 0), more(1), frame(F.DATA, END_STREAM, 1)],
    ],
    ['7/1 GOAWAY with an unknown code', [goaway(0, 0xff)]],
    ['7/2 RST_STREAM with an unknown code', [begin(1), frame(F.RST_STREAM, 0, 1, number(0xff))]],
    ['generic/2/1 PRIORITY on an idle stream', [frame(F.PRIORITY, 0, 55, dependsOn(0))]],
    [
      'generic/2/2 WINDOW_UPDATE after END_STREAM',
      [ask(1, held), frame(F.WINDOW_UPDATE, 0, 1, number(9))],
    ],
    [
      'generic/2/3 PRIORITY after END_STREAM',
      [ask(1, held), frame(F.PRIORITY, 0, 1, dependsOn(0))],
    ],
    ['generic/2/4 RST_STREAM after END_STREAM', [ask(1, held), reset(1)]],
    [
      'generic/2/5 PRIORITY after a reset',
      [begin(1), reset(1), frame(F.PRIORITY, 0, 1, dependsOn(0))],
    ],
  ];
  for (const [what, bytes] of cases)
    test(what, async (t) => {
      const { peer } = await start(t);
      peer.send(...bytes, ask(99));
      await until(() => peer.frames.some(answered(99)));
      peer.send(ping);
      await until(() => peer.frames.some((it) => it.type === F.PING && it.flags === F.ACK));
      const ends = peer.frames.filter((it) => it.type === F.RST_STREAM || it.type === F.GOAWAY);
      assert.deepEqual(ends, []);
    });
});

test('h2spec: 6.5.3/1 the last value of a repeated setting counts', async (t) => {
  const { peer } = await rawClient(t, {
    request: (it) => it.connection.respond(it, 200, {}, 'xyz'),
  });
  peer.send(settings([F.INITIAL_WINDOW_SIZE, 100], [F.INITIAL_WINDOW_SIZE, 1]), ask(1));
  assert.equal((await peer.next(F.DATA)).payload.toString(), 'x');
});

test('h2spec: 6.9.2/2 a negative window must become positive before more is sent', async (t) => {
  const { peer } = await rawClient(t, {
    request: (it) => it.connection.respond(it, 200, {}, 'abcdef'),
  });
  peer.send(settings([F.INITIAL_WINDOW_SIZE, 3]), ask(1));
  assert.equal((await peer.next(F.DATA)).payload.toString(), 'abc');
  peer.send(settings([F.INITIAL_WINDOW_SIZE, 2]), frame(F.WINDOW_UPDATE, 0, 1, number(1)), ping);
  await peer.next(F.PING);
  assert.equal(peer.frames.filter((it) => it.type === F.DATA).length, 1);
  peer.send(frame(F.WINDOW_UPDATE, 0, 1, number(1)));
  assert.equal((await peer.next(F.DATA)).payload.toString(), 'd');
});
