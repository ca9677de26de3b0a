/** The constant tables of RFC 7541: the static table (appendix A) and the Huffman code (appendix B). */

/** Entries 1 to 61 in order, one per line: a name, and its value if it has one. */
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

/** The static table by index. Indices begin at 1; the entry at 0 is unused. */
export const staticTable: readonly TableEntry[] = [
  { name: '', value: '' },
  ...entries.map((entry) => {
    const space = `${entry} `.indexOf(' ');
    return { name: entry.slice(0, space), value: entry.slice(space + 1) };
  }),
];

/** Bytes that each entry of a table counts beyond its name and value (section 4.1). */
export const ENTRY_OVERHEAD = 32;
/** Bytes of a dynamic table until SETTINGS change it (RFC 9113, section 6.5.2). */
export const INITIAL_TABLE_SIZE = 4096;

/** The symbol after the 256 octets; it must not appear in a string (section 5.2). */
export const EOS = 256;

/**
 * The number of bits of each octet's code, then of EOS, as one digit in base 36 each. The Huffman
 * code is canonical: codes of one length are consecutive in the order of their octets, so the lengths
 * define it.
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
