/** One list of devices, as different programs write it. */

import { gzipSync } from 'node:zlib';
import { apnsToken } from '../http/fixture.ts';

const HEADER = ['id', 'platform', 'token', 'tags', 'userId'];
const ROWS = [
  ['a', 'ios', apnsToken(1), 'news|beta', 'Zoë 😀'],
  ['b', 'android', 'fcm:1', '', 'a,b;c\td'],
];

const quote = (cell: string) => `"${cell.replaceAll('"', '""')}"`;
const lines = (separator: string, cellOf = quote) =>
  [HEADER, ...ROWS].map((cells) => cells.map(cellOf).join(separator));

const PLAIN = `${lines(',').join('\n')}\n`;
const utf16 = (text: string) => Buffer.from(`\ufeff${text}`, 'utf16le');
const padded = [HEADER.map((it) => ` ${it} `), ...ROWS.map((cells) => cells.map(quote))];

export const NDJSON = ROWS.map(([id, platform, token, tags, userId]) =>
  JSON.stringify({ id, platform, token, tags, userId }),
).join('\n');

export const csvDialects: Record<string, string | Uint8Array> = {
  plain: PLAIN,
  'a byte order mark, CRLF and a quoted last header cell': `\ufeff${lines(',').join('\r\n')}\r\n`,
  'sep=,': `sep=,\r\n${lines(',').join('\r\n')}`,
  'sep=;': `\ufeffsep=;\r\n${lines(';').join('\r\n')}`,
  'sep= of an odd kind': `"sep=^"\n${lines('^').join('\n')}`,
  semicolons: lines(';').join('\n'),
  tabs: lines('\t').join('\r\n'),
  'a padded header': padded.map((cells) => cells.join(',')).join('\n'),
  'a header with blanks before its quotes': [
    HEADER.map((it) => ` "${it}"`).join(','),
    ...lines(',').slice(1),
  ].join('\n'),
  'a trailing Ctrl-Z': `${lines(',').join('\r\n')}\r\n\x1a`,
  'CR only': `${lines(',').join('\r')}\r`,
  gzip: gzipSync(PLAIN),
  'gzip in two members': Buffer.concat([gzipSync(PLAIN.slice(0, 60)), gzipSync(PLAIN.slice(60))]),
  'UTF-16LE': utf16(PLAIN),
  'UTF-16BE with CRLF': utf16(`${lines('\t').join('\r\n')}\r\n`).swap16(),
  'all together': gzipSync(utf16(`sep=;\r${lines(';').join('\r')}\r\x1a`)),
};

export const ndjsonDialects: Record<string, string | Uint8Array> = {
  plain: NDJSON,
  'a byte order mark and CRLF': `\ufeff${NDJSON.replaceAll('\n', '\r\n')}\r\n`,
  'blanks, blank lines and Ctrl-Z': `\n  ${NDJSON.replaceAll('\n', ' \n\n ')}\r\n\x1a`,
  gzip: gzipSync(NDJSON),
  'UTF-16LE': utf16(NDJSON),
};

/** What is not read, and what its sentence must say. */
export const foreign: Record<string, [file: string | Uint8Array, words: RegExp]> = {
  zip: [Buffer.from('504b030414000000', 'hex'), /a ZIP archive or an Excel workbook.*Unpack it/],
  xls: [Buffer.from('d0cf11e0a1b11ae1', 'hex'), /Excel workbook. Save it as CSV/],
  zstd: [Buffer.from('28b52ffd04000000', 'hex'), /zstd.*gzip/],
  bzip2: [Buffer.from('BZh91AY&SY'), /bzip2.*gzip/],
  xz: [Buffer.from('fd377a585a0000', 'hex'), /xz.*gzip/],
  parquet: [Buffer.from('PAR1....'), /Parquet/],
  'UTF-16 without a mark': [Buffer.from(PLAIN, 'utf16le'), /UTF-16 without a byte order mark/],
  'a damaged gzip': [gzipSync(PLAIN).fill(0xff, 12, 40), /gzip is damaged or cut off/],
  'a gzip that was cut off': [gzipSync(PLAIN).subarray(0, 60), /gzip is damaged or cut off/],
};

/** JSON documents with a list: the command line reads them, the API wants one object a line. */
export const documents: Record<string, string> = {
  'a JSON array': `[${NDJSON.trim().replaceAll('\n', ',')}]`,
  'a JSON array over lines': `\n[\n${NDJSON.trim().replaceAll('\n', ',\n')}\n]\n`,
  'a list of results': `{"results": [${NDJSON.trim().replaceAll('\n', ' ,\n')}], "count": 2}`,
  'pages one after the other': NDJSON.trim().replaceAll(/.+/g, '{"results":[$&],"next":["x"]}'),
};
