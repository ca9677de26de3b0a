/**
 * A header block is malformed. The dynamic tables of both peers may now differ, so the connection
 * must end with COMPRESSION_ERROR (RFC 7541, section 2.3.3; RFC 9113, section 4.3).
 */
export class HpackError extends Error {
  override name = 'HpackError';
}
