/** Ids of pushes. */

import { hash } from 'node:crypto';

/**
 * Makes the id of a push from the chunk and the index, so a second delivery has the same id. It is a
 * UUID of version 8 (RFC 9562, section 5.8): 88 bits of the seed's SHA-256, then the index.
 */
export function apnsIds(seed: string): (index: number) => string {
  const h = hash('sha256', seed);
  const prefix = `${h.slice(0, 8)}-${h.slice(8, 12)}-8${h.slice(13, 16)}-8${h.slice(17, 20)}-${h.slice(20, 24)}`;
  return (index) => prefix + index.toString(16).padStart(8, '0');
}
