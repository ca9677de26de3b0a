import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { createDecoder, type Decoder } from '../../../functions/http2/hpack/decoder.ts';
import { createEncoder } from '../../../functions/http2/hpack/encoder.ts';
import { HpackError } from '../../../functions/http2/hpack/errors.ts';
import { chance } from '../chance.ts';
import { decode, decoderOf, hex, type Pair, randomTemplate } from './lists.ts';

const malformed = (bytes: string, message: RegExp, decoder = decoderOf()) =>
  assert.throws(
    () => decode(decoder, hex(bytes)),
    (error) => error instanceof HpackError && message.test(error.message),
    bytes,
  );

/** Returns the size of the dynamic table, by reading every entry. */
function tableBytes(decoder: Decoder): number {
  let bytes = 0;
  const sink = (name: string, value: string) => {
    bytes += name.length + value.length + 32;
  };
  for (let index = 62; ; index++) {
    const block = Uint8Array.of(0xff, 0x80 | ((index - 127) & 0x7f), (index - 127) >> 7);
    const short = Uint8Array.of(0x80 | index);
    try {
      if (index < 127) decoder.decode(short, 0, 1, sink);
      else decoder.decode(block, 0, 3, sink);
    } catch {
      return bytes;
    }
  }
}

describe('HPACK decoder', () => {
  test('an empty block is an empty list', () => {
    assert.deepEqual(decode(decoderOf(), hex('')), []);
  });

  test('every entry of the static table has its index', () => {
    const list = decode(
      decoderOf(),
      Uint8Array.from({ length: 61 }, (_, i) => 0x81 + i),
    );
    assert.equal(list.length, 61);
    assert.deepEqual(list[0], [':authority', '']);
    assert.deepEqual(list[7], [':status', '200']);
    assert.deepEqual(list[15], ['accept-encoding', 'gzip, deflate']);
    assert.deepEqual(list[60], ['www-authenticate', '']);
  });

  test('an index that has no entry is an error', () => {
    malformed('80', /index out of range/);
    malformed('be', /index out of range/);
    malformed('7e 01 61', /index out of range/);
    // the only entry, then the index after it
    assert.deepEqual(decode(decoderOf(), hex('40 01 61 01 62 be')), [
      ['a', 'b'],
      ['a', 'b'],
    ]);
    malformed('40 01 61 01 62 bf', /index out of range/);
    // an entry evicted by an update in the next block
    const decoder = decoderOf();
    decode(decoder, hex('40 01 61 01 62'));
    malformed('20 be', /index out of range/, decoder);
  });

  test('an integer has at most five bytes, and a string fits into its block', () => {
    malformed('ff', /truncated integer/);
    malformed('ff 80 80', /truncated integer/);
    malformed('ff ff ff ff ff 0f', /integer too large/);
    malformed('ff 80 80 80 80 00', /integer too large/);
    malformed('ff ff ff ff 7f', /index out of range/);
    malformed('00 7f ff ff ff 7f', /string longer than its block/);
    malformed('00 7f ff ff ff ff 0f', /integer too large/);
    malformed('3f ff ff ff 7f', /above the limit/);
    // zeros at the end of an integer are allowed
    assert.deepEqual(decode(decoderOf(), hex('1f 80 00 01 62')), [['accept-charset', 'b']]);
  });

  test('a block that ends within a field is an error, at every byte', () => {
    const whole = hex('40 83 9cb45f 03 616263 0f 21 8c f1e3c2e5f23a6ba0ab90f4ff');
    assert.equal(decode(decoderOf(), whole).length, 2);
    for (let end = 1; end < whole.length; end++) {
      if (end === 9) continue;
      assert.throws(() => decode(decoderOf(), whole.subarray(0, end)), HpackError, `${end}`);
    }
    // bytes after the block do not belong to it
    assert.throws(() => decoderOf().decode(whole, 0, 6, () => {}), HpackError);
  });

  test('Huffman code ends with at most seven bits of padding, all ones, and contains no EOS', () => {
    const value = (bytes: string) => `04 ${(0x80 + hex(bytes).length).toString(16)} ${bytes}`;
    const list = (text: string): Pair[] => [[':path', text]];
    assert.deepEqual(decode(decoderOf(), hex(value('1f'))), list('a'));
    assert.deepEqual(decode(decoderOf(), hex(value(''))), list(''));
    // octet 0x0a has 30 bits, 0xff 26, 'X' exactly 8
    assert.deepEqual(decode(decoderOf(), hex(value('ff ff ff f3'))), list('\n'));
    assert.deepEqual(decode(decoderOf(), hex(value('ff ff fb bf'))), list('\xff'));
    assert.deepEqual(decode(decoderOf(), hex(value('fc'))), list('X'));
    malformed(value('18'), /malformed Huffman code/); // padding of zeros
    malformed(value('1e'), /malformed Huffman code/); // padding not all ones
    malformed(value('fc ff'), /malformed Huffman code/); // eight bits of padding
    malformed(value('1f ff'), /malformed Huffman code/); // eleven bits of padding
    malformed(value('ff'), /malformed Huffman code/);
    malformed(value('ff ff ff ff'), /malformed Huffman code/); // EOS and padding
    malformed(value('1f ff ff ff ff'), /malformed Huffman code/);
    malformed(value('ff ff ff'), /malformed Huffman code/); // the beginning of a code
  });

  test('a table size update comes first in a block, and at most at the announced size', () => {
    assert.deepEqual(decode(decoderOf(), hex('20 3f e1 1f 82')), [[':method', 'GET']]);
    malformed('82 20', /update after a field/);
    malformed('3f e2 1f', /above the limit/);
    // a peer that has not seen our SETTINGS yet uses the default size
    const small = decoderOf(100);
    assert.equal(decode(small, hex('3f e1 1f 40 01 61 01 62 be')).length, 2);
    small.setMaxTableSize(100);
    malformed('3f 46', /above the limit/, small);
    const large = decoderOf(65_536);
    large.setMaxTableSize(65_536);
    assert.deepEqual(decode(large, hex('3f e1 ff 03 82')), [[':method', 'GET']]);
    malformed('3f e2 ff 03', /above the limit/, large);
  });

  test('a peer that acknowledged a smaller table must begin its next block with an update', () => {
    const decoder = decoderOf(100);
    decoder.setMaxTableSize(100);
    malformed('82', /update missing/, decoder);
    const obeyed = decoderOf(100);
    obeyed.setMaxTableSize(100);
    decode(obeyed, hex(''));
    assert.equal(decode(obeyed, hex('3f 45 82')).length, 1);
    assert.equal(decode(obeyed, hex('82')).length, 1);
  });

  test('entries are evicted first in, first out, and an entry larger than the table empties it', () => {
    const decoder = decoderOf();
    decode(decoder, hex('3f 29')); // 72 bytes: two entries of 34
    decode(decoder, hex('40 01 61 01 31  40 01 61 01 32  40 01 61 01 33'));
    assert.deepEqual(decode(decoder, hex('be bf')), [
      ['a', '3'],
      ['a', '2'],
    ]);
    malformed('c0', /index out of range/, decoder);
    const long = Buffer.from('x'.repeat(50)).toString('hex');
    assert.equal(decode(decoder, hex(`40 01 61 32 ${long}`))[0]![1], 'x'.repeat(50));
    malformed('be', /index out of range/, decoder);
  });

  test('an entry may take its name from the entry that it evicts', () => {
    const decoder = decoderOf();
    decode(decoder, hex('3f 03')); // 34 bytes: one entry
    decode(decoder, hex('40 01 61 01 31'));
    assert.deepEqual(decode(decoder, hex('7e 01 32 be')), [
      ['a', '2'],
      ['a', '2'],
    ]);
  });

  test('a list that is too long is reported, and the table stays in step', () => {
    const decoder = createDecoder({ maxTableSize: 4096, maxListBytes: 100 });
    const list: Pair[] = [];
    const sink = (name: string, value: string) => list.push([name, value]);
    const read = (bytes: string) => decoder.decode(hex(bytes), 0, hex(bytes).length, sink);
    // 34 bytes each: the third is too much; it and the last one are inserted nevertheless
    assert.equal(
      read('40 01 61 01 31 40 01 61 01 32 40 01 61 01 33 00 01 78 01 78 40 01 61 01 34'),
      false,
    );
    assert.deepEqual(list, [
      ['a', '1'],
      ['a', '2'],
    ]);
    assert.equal(read('be bf'), true);
    assert.deepEqual(list.slice(2), [
      ['a', '4'],
      ['a', '3'],
    ]);
  });

  test('a block of many references to one large entry builds nothing and is refused', () => {
    const decoder = createDecoder({ maxTableSize: 4096, maxListBytes: 8192 });
    const large = Buffer.concat([hex('40 01 61 7f a1 1e'), Buffer.alloc(4000, 'x')]);
    const bomb = Buffer.concat([large, Buffer.alloc(1 << 20, 0xbe)]);
    let seen = 0;
    assert.equal(
      decoder.decode(bomb, 0, bomb.length, () => seen++),
      false,
    );
    assert.equal(seen, 2);
  });

  test('fields that are not wanted are checked and counted, and keep their place in the table', () => {
    const asked: string[] = [];
    const decoder = createDecoder({
      maxTableSize: 4096,
      maxListBytes: 200,
      wants: (name) => {
        asked.push(name);
        return name === ':status' || name === 'b';
      },
    });
    assert.equal(asked.length, 62);
    assert.deepEqual(decode(decoder, hex('88 40 01 61 01 31 40 01 62 01 32 be bf 0f 2f 01 35')), [
      [':status', '200'],
      ['b', '2'],
      ['b', '2'],
    ]);
    assert.equal(decoder.decode(hex('bf bf bf bf bf'), 0, 5, assert.fail), true);
    assert.equal(decoder.decode(hex('bf bf bf bf bf bf'), 0, 6, assert.fail), false);
    malformed('0f 2f 81 18', /malformed Huffman code/, decoder);
  });

  test('200,000 damaged blocks give a list or an HpackError, and no table outgrows its size', () => {
    const c = chance(7541);
    const out = Buffer.alloc(256 * 1024);
    let blocks: Buffer[] = [];
    let errors = 0;
    let decoder = decoderOf(4096, 16_384);
    let listBytes = 0;
    const sink = (name: string, value: string) => {
      listBytes += name.length + value.length + 32;
    };
    for (let n = 0; n < 200_000; n++) {
      if (n % 2000 === 0) {
        const encoder = createEncoder({ maxTableSize: 4096 });
        blocks = Array.from({ length: 40 }, () => {
          const { fields, values } = randomTemplate(c, true);
          const end = encoder.encode(out, 0, encoder.prepare(fields), values);
          return Buffer.from(out.subarray(0, Math.min(end, 600)));
        });
      }
      const block = Buffer.from(c.pick(blocks));
      for (let i = c.upTo(4); i >= 0 && block.length > 0; i--) {
        const at = c.upTo(block.length);
        block[at] = c.pick([c.upTo(256), block[at]! ^ (1 << c.upTo(8)), 0xff, 0x80, 0]);
      }
      const from = c.upTo(8) === 0 ? c.upTo(block.length + 1) : 0;
      listBytes = 0;
      try {
        decoder.decode(block, from, block.length, sink);
      } catch (error) {
        if (!(error instanceof HpackError)) throw error;
        errors++;
        decoder = decoderOf(4096, 16_384);
      }
      assert.ok(listBytes <= 16_384);
      if (n % 100 === 0) assert.ok(tableBytes(decoder) <= 4096);
    }
    assert.ok(errors > 20_000 && errors < 180_000, `${errors}`);
  });
});
