import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { createEncoder } from '../../../functions/http2/hpack/encoder.ts';
import type { TemplateField } from '../../../functions/http2/hpack/template.ts';
import { chance } from '../chance.ts';
import { decode, decoderOf, type Pair, randomTemplate } from './lists.ts';

const token = '0123456789abcdef'.repeat(4);
const id = (n: number) => `0f0e0d0c-0b0a-8908-8706-${n.toString(16).padStart(12, '0')}`;

const push = (authorization = `bearer ${'x'.repeat(200)}`, topic = 'com.example.app') =>
  [
    { name: ':method', value: 'POST' },
    { name: ':scheme', value: 'https' },
    { name: ':authority', value: 'api.push.apple.com' },
    { name: ':path', prefix: '/3/device/' },
    { name: 'authorization', value: authorization },
    { name: 'apns-topic', value: topic },
    { name: 'apns-push-type', value: 'alert' },
    { name: 'apns-priority', value: '10' },
    { name: 'apns-id' },
  ] satisfies TemplateField[];

const listOf = (fields: readonly TemplateField[], values: string[]): Pair[] => {
  const rest = [...values];
  return fields.map(({ name, value, prefix = '' }) => [name, value ?? prefix + rest.shift()!]);
};

/** Returns an encoder, and a decoder that reads every block of it. */
function pair(maxTableSize = 4096) {
  const encoder = createEncoder({ maxTableSize });
  const decoder = decoderOf(maxTableSize);
  const out = Buffer.alloc(64 * 1024);
  return {
    encoder,
    decoder,
    send(template: ReturnType<typeof encoder.prepare>, values: string[] = []) {
      const end = encoder.encode(out, 0, template, values);
      return { bytes: end, list: decode(decoder, out.subarray(0, end)) };
    },
  };
}

describe('HPACK encoder', () => {
  test('constant fields take one byte each from the second block on', () => {
    const { encoder, send } = pair();
    const template = encoder.prepare(push());
    const sizes = [1, 2, 3, 4].map((n) => {
      const values = [token, id(n)];
      const { bytes, list } = send(template, values);
      assert.deepEqual(list, listOf(push(), values));
      return bytes;
    });
    // 7 constants; :path and its length; apns-id: an index of two bytes, its length and its value
    const later = 7 + (2 + 10 + token.length) + (3 + id(1).length);
    assert.ok(sizes[0]! > later + 200);
    assert.deepEqual(sizes.slice(1), [later, later, later]);
  });

  test('Huffman code makes a varying field shorter where it is asked for', () => {
    const { encoder, send } = pair();
    const fields: TemplateField[] = [{ name: ':path', prefix: '/3/device/', huffman: true }];
    const { bytes, list } = send(encoder.prepare(fields), [token]);
    assert.deepEqual(list, [[':path', `/3/device/${token}`]]);
    // 360 bits for the token, 57 for the prefix
    assert.equal(bytes, 2 + 53);
  });

  test('blocks of several templates may be mixed, though each moves the indices of the others', () => {
    const { encoder, send } = pair();
    const kinds = [push(), push(undefined, 'com.example.other'), push('bearer new', 'third')];
    const templates = kinds.map((fields) => encoder.prepare(fields));
    const { pick } = chance(1);
    let sent = 0;
    for (let n = 0; n < 200; n++) {
      const kind = pick([0, 1, 2]);
      const values = [token, id(n)];
      const { bytes, list } = send(templates[kind]!, values);
      assert.deepEqual(list, listOf(kinds[kind]!, values));
      if (n >= 100) sent += bytes;
    }
    assert.equal(sent, 100 * 122);
  });

  test('blocks of more templates than fit into the table arrive whole', () => {
    const { encoder, send } = pair(1024);
    const kinds = Array.from({ length: 12 }, (_, n) =>
      push(`bearer ${n}`.repeat(20), `topic ${n}`),
    );
    const templates = kinds.map((fields) => encoder.prepare(fields));
    for (let n = 0; n < 100; n++) {
      const values = [token, id(n)];
      const { list } = send(templates[n % 12]!, values);
      assert.deepEqual(list, listOf(kinds[n % 12]!, values));
    }
  });

  test('of a template larger than the table the first fields are indexed, and stay so', () => {
    const { encoder, send } = pair(400);
    const template = encoder.prepare(push());
    const sizes = Array.from({ length: 10 }, (_, n) => send(template, [token, id(n)]).bytes);
    assert.deepEqual(new Set(sizes.slice(2)).size, 1);
    assert.ok(sizes[9]! < sizes[0]! - 200);
  });

  test('with a table of size 0 every field is a literal', () => {
    const { encoder, send } = pair(0);
    const template = encoder.prepare(push());
    for (let n = 0; n < 3; n++) {
      const values = [token, id(n)];
      assert.deepEqual(send(template, values).list, listOf(push(), values));
    }
  });

  test('a never-indexed field is marked as such in every block and is not inserted', () => {
    const encoder = createEncoder({ maxTableSize: 4096 });
    const template = encoder.prepare([
      { name: 'authorization', value: 'bearer x', indexing: 'never', huffman: false },
    ]);
    const out = Buffer.alloc(100);
    for (let n = 0; n < 3; n++) {
      const end = encoder.encode(out, 0, template);
      assert.equal(out.toString('latin1', 0, end), '\x1f\x08\x08bearer x');
    }
  });

  test('a table that shrank and grew is announced with both sizes, once', () => {
    const { encoder, send } = pair();
    const template = encoder.prepare(push());
    send(template, [token, id(0)]);
    encoder.setMaxTableSize(100);
    encoder.setMaxTableSize(0);
    encoder.setMaxTableSize(2000);
    const out = Buffer.alloc(100);
    const empty = encoder.prepare([]);
    assert.equal(out.toString('hex', 0, encoder.encode(out, 0, empty)), '203fb10f');
    assert.equal(encoder.encode(out, 0, empty), 0);
  });

  test('a table is not larger than our own limit, even if the peer allows more', () => {
    const encoder = createEncoder({ maxTableSize: 8192 });
    const out = Buffer.alloc(100);
    const empty = encoder.prepare([]);
    assert.equal(encoder.encode(out, 0, empty), 0);
    encoder.setMaxTableSize(2 ** 32 - 1);
    assert.equal(out.toString('hex', 0, encoder.encode(out, 0, empty)), '3fe13f');
  });

  test('values that cannot be written are refused and change nothing', () => {
    const { encoder, send } = pair();
    const template = encoder.prepare(push());
    const out = Buffer.alloc(64 * 1024);
    const refused = (size: number, values: string[]) =>
      assert.throws(() => encoder.encode(out.subarray(0, size), 0, template, values), RangeError);
    for (const settled of [false, true]) {
      for (const huge of ['\u20ac', '\u00e9ab', '\u{1f600}', 'ab\u010a']) {
        refused(out.length, [huge, id(0)]);
        refused(out.length, [token, huge]);
      }
      refused(template.bound, [token, id(0)]);
      refused(out.length, [token]);
      const { list } = send(template, [token, id(settled ? 1 : 0)]);
      assert.deepEqual(list, listOf(push(), [token, id(settled ? 1 : 0)]));
      send(template, [token, id(2)]);
    }
    assert.throws(() => encoder.prepare([{ name: 'x', value: '\u20ac' }]), RangeError);
  });

  test('random lists arrive unchanged, with tables of any size and changes of size', () => {
    for (let seed = 1; seed <= 60; seed++) {
      const c = chance(seed);
      const own = c.pick([0, 60, 300, 4096, 20_000]);
      const encoder = createEncoder({ maxTableSize: own });
      const decoder = decoderOf(65_536);
      const out = Buffer.alloc(256 * 1024);
      const made = Array.from({ length: 8 }, () => randomTemplate(c, true)).map((it) => ({
        ...it,
        template: encoder.prepare(it.fields),
      }));
      for (let n = 0; n < 80; n++) {
        if (c.upTo(10) === 0) {
          const size = c.pick([0, 33, 200, 1000, 4096, 65_536]);
          encoder.setMaxTableSize(size);
          decoder.setMaxTableSize(size);
        }
        const { template, values, list } = c.pick(made);
        const from = c.upTo(50);
        const end = encoder.encode(out, from, template, values);
        assert.ok(end - from <= template.bound + values.join('').length);
        assert.deepEqual(
          decode(decoder, out.subarray(from, end)),
          list,
          `seed ${seed}, block ${n}`,
        );
      }
    }
  });
});
