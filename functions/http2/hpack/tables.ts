/** The constant tables of RFC 7541: the static table (appendix A) and the Huffman code (appendix B). */

/** Entries 1 to 61 in their order, one a line: a name, and its value if it has one. */
const entries = `:authority
:method GET
:method POST
:path /
:path /index.html
:scheme http
:scheme https
:status 200
:status 204
:status 206
:status 304
:status 400
:status 404
:status 500
accept-charset
accept-encoding gzip, deflate
accept-language
accept-ranges
accept
access-control-allow-origin
age
allow
authorization
cache-control
content-disposition
content-encoding
content-language
content-length
content-location
content-range
content-type
cookie
date
etag
expect
expires
from
host
if-match
if-modified-since
if-none-match
if-range
if-unmodified-since
last-modified
link
location
max-forwards
proxy-authenticate
proxy-authorization
range
referer
refresh
retry-after
server
set-cookie
strict-transport-security
transfer-encoding
user-agent
vary
via
www-authenticate`.split('\n');

export interface TableEntry {
  readonly name: string;
  readonly value: string;
}

/** By index; the one at 0 stands for nothing, an index begins at 1. */
export const staticTable: readonly TableEntry[] = [
  { name: '', value: '' },
  ...entries.map((entry) => {
    const space = `${entry} `.indexOf(' ');
    return { name: entry.slice(0, space), value: entry.slice(space + 1) };
  }),
];

/** What an entry costs beyond its octets (section 4.1). */
export const ENTRY_OVERHEAD = 32;

export const EOS = 256;

/**
 * Bits of the code of each octet, and of EOS at the end, a digit in base 36 each. The code is
 * canonical: codes of a length are consecutive in the order of the octets, so lengths are enough.
 */
const codeLengths =
  'dnsssssssoussussssssssusssssssss6aacd68baa8b8666555666666678f6ca' +
  'd67777777777777777777777878djde6f56565666577666567655677777fbeds' +
  'kmkkmmmnmnnnnnonoomnonnnnlmnmnnomlkmmnnlnmmolmnnllmlnmnnkmmmnmmn' +
  'qqkjmnmpqqqrrqopjlqrrqrollqqsrrrkoklmllnmmppooqnqrqqrrrrrsrrrrrq' +
  'u';

export const huffmanLengths = Uint8Array.from(codeLengths, (digit) => Number.parseInt(digit, 36));
export const huffmanCodes = new Uint32Array(huffmanLengths.length);

let code = 0;
for (let bits = 1; bits <= 30; bits++, code *= 2) {
  for (let symbol = 0; symbol <= EOS; symbol++) {
    if (huffmanLengths[symbol] === bits) huffmanCodes[symbol] = code++;
  }
}
