/** Ends pages that would never end. */

/**
 * Gives each cursor back, null on the last page. Throws if one comes again, or after `most` pages; a
 * call that goes through all installations has no such number.
 */
export function createEnds(
  most = Number.POSITIVE_INFINITY,
): (next: string | null) => string | null {
  const seen = new Set<string>();
  return (next) => {
    if (next === null) return null;
    if (seen.has(next) || seen.size >= most)
      throw new Error('the server gives pages without an end: the same one again, or too many');
    seen.add(next);
    return next;
  };
}
