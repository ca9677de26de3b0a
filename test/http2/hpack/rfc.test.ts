/** Every example of RFC 7541, appendix C, byte for byte in both directions. */

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { createEncoder } from '../../../functions/http2/hpack/encoder.ts';
import type { Indexing } from '../../../functions/http2/hpack/template.ts';
import { forms, writeInteger } from '../../../functions/http2/hpack/write.ts';
import { decode, decoderOf, hex, type Pair } from './lists.ts';

interface Example {
  section: string;
  blocks: { bytes: string; list: Pair[]; indexing?: Indexing }[];
  huffman?: boolean;
  tableSize?: number;
}

const date = (second: number) => `Mon, 21 Oct 2013 20:13:${second} GMT`;
const cookie = 'foo=ASDJKHQKBZXOQWEOPIUAXQWEOIU; max-age=3600; version=1';

const requests: Pair[][] = [
  [
    [':method', 'GET'],
    [':scheme', 'http'],
    [':path', '/'],
    [':authority', 'www.example.com'],
  ],
  [
    [':method', 'GET'],
    [':scheme', 'http'],
    [':path', '/'],
    [':authority', 'www.example.com'],
    ['cache-control', 'no-cache'],
  ],
  [
    [':method', 'GET'],
    [':scheme', 'https'],
    [':path', '/index.html'],
    [':authority', 'www.example.com'],
    ['custom-key', 'custom-value'],
  ],
];

const responses: Pair[][] = [
  [
    [':status', '302'],
    ['cache-control', 'private'],
    ['date', date(21)],
    ['location', 'https://www.example.com'],
  ],
  [
    [':status', '307'],
    ['cache-control', 'private'],
    ['date', date(21)],
    ['location', 'https://www.example.com'],
  ],
  [
    [':status', '200'],
    ['cache-control', 'private'],
    ['date', date(22)],
    ['location', 'https://www.example.com'],
    ['content-encoding', 'gzip'],
    ['set-cookie', cookie],
  ],
];

const series = (lists: Pair[][], bytes: string[]) =>
  lists.map((list, i) => ({ list, bytes: bytes[i]! }));

const examples: Example[] = [
  {
    section: 'C.2.1, a literal with indexing',
    blocks: [
      {
        list: [['custom-key', 'custom-header']],
        bytes: '400a 6375 7374 6f6d 2d6b 6579 0d63 7573 746f 6d2d 6865 6164 6572',
      },
    ],
    huffman: false,
  },
  {
    section: 'C.2.2, a literal without indexing',
    blocks: [
      {
        list: [[':path', '/sample/path']],
        bytes: '040c 2f73 616d 706c 652f 7061 7468',
        indexing: 'plain',
      },
    ],
    huffman: false,
  },
  {
    section: 'C.2.3, a literal that is never indexed',
    blocks: [
      {
        list: [['password', 'secret']],
        bytes: '1008 7061 7373 776f 7264 0673 6563 7265 74',
        indexing: 'never',
      },
    ],
    huffman: false,
  },
  { section: 'C.2.4, an indexed field', blocks: [{ list: [[':method', 'GET']], bytes: '82' }] },
  {
    section: 'C.3, requests without Huffman code',
    blocks: series(requests, [
      '8286 8441 0f77 7777 2e65 7861 6d70 6c65 2e63 6f6d',
      '8286 84be 5808 6e6f 2d63 6163 6865',
      '8287 85bf 400a 6375 7374 6f6d 2d6b 6579 0c63 7573 746f 6d2d 7661 6c75 65',
    ]),
    huffman: false,
  },
  {
    section: 'C.4, requests with Huffman code',
    blocks: series(requests, [
      '8286 8441 8cf1 e3c2 e5f2 3a6b a0ab 90f4 ff',
      '8286 84be 5886 a8eb 1064 9cbf',
      '8287 85bf 4088 25a8 49e9 5ba9 7d7f 8925 a849 e95b b8e8 b4bf',
    ]),
  },
  {
    section: 'C.5, responses without Huffman code, and eviction',
    blocks: series(responses, [
      '4803 3330 3258 0770 7269 7661 7465 611d 4d6f 6e2c 2032 3120 4f63 7420 3230 3133' +
        '2032 303a 3133 3a32 3120 474d 546e 1768 7474 7073 3a2f 2f77 7777 2e65 7861 6d70' +
        '6c65 2e63 6f6d',
      '4803 3330 37c1 c0bf',
      '88c1 611d 4d6f 6e2c 2032 3120 4f63 7420 3230 3133 2032 303a 3133 3a32 3220 474d' +
        '54c0 5a04 677a 6970 7738 666f 6f3d 4153 444a 4b48 514b 425a 584f 5157 454f 5049' +
        '5541 5851 5745 4f49 553b 206d 6178 2d61 6765 3d33 3630 303b 2076 6572 7369 6f6e' +
        '3d31',
    ]),
    huffman: false,
    tableSize: 256,
  },
  {
    section: 'C.6, responses with Huffman code, and eviction',
    blocks: series(responses, [
      '4882 6402 5885 aec3 771a 4b61 96d0 7abe 9410 54d4 44a8 2005 9504 0b81 66e0 82a6' +
        '2d1b ff6e 919d 29ad 1718 63c7 8f0b 97c8 e9ae 82ae 43d3',
      '4883 640e ffc1 c0bf',
      '88c1 6196 d07a be94 1054 d444 a820 0595 040b 8166 e084 a62d 1bff c05a 839b d9ab' +
        '77ad 94e7 821d d7f2 e6c7 b335 dfdf cd5b 3960 d5af 2708 7f36 72c1 ab27 0fb5 291f' +
        '9587 3160 65c0 03ed 4ee5 b106 3d50 07',
    ]),
    tableSize: 256,
  },
];

describe('RFC 7541, appendix C', () => {
  for (const [value, prefix, bytes] of [
    [10, { first: 0, mask: 0x1f }, '0a'],
    [1337, { first: 0, mask: 0x1f }, '1f9a0a'],
    [42, forms.octets, '2a'],
  ] as const) {
    test(`C.1: ${value} is written as ${bytes}`, () => {
      const out = Buffer.alloc(8);
      assert.deepEqual(out.subarray(0, writeInteger(out, 0, prefix, value)), hex(bytes));
    });
  }

  for (const { section, blocks, huffman = true, tableSize = 4096 } of examples) {
    test(`${section}, is read`, () => {
      const decoder = decoderOf(tableSize);
      if (tableSize < 4096) {
        decoder.setMaxTableSize(tableSize);
        assert.deepEqual(decode(decoder, hex('3f e1 01')), []);
      }
      for (const { bytes, list } of blocks) assert.deepEqual(decode(decoder, hex(bytes)), list);
    });

    test(`${section}, is written`, () => {
      const encoder = createEncoder({ maxTableSize: tableSize });
      const out = Buffer.alloc(4096);
      const update = out.subarray(0, encoder.encode(out, 0, encoder.prepare([])));
      assert.equal(update.toString('hex'), tableSize < 4096 ? '3fe101' : '');
      for (const { bytes, list, indexing } of blocks) {
        // a template for each field: one for all would not evict its own fields, as C.5.3 does
        let end = 0;
        for (const [name, value] of list) {
          const field = { name, value, huffman, ...(indexing && { indexing }) };
          end = encoder.encode(out, end, encoder.prepare([field]));
        }
        assert.equal(out.toString('hex', 0, end), hex(bytes).toString('hex'));
      }
    });
  }
});
