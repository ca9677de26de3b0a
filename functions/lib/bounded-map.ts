/** Caches that cannot grow without end. */

/**
 * Sets an entry as the newest of `map` and removes the oldest one if there are more than `most`. A
 * map that is only written by this function forgets the entry that was set the longest ago.
 * Returns the entry that was removed.
 */
export function setNewest<K, V>(
  map: Map<K, V>,
  key: K,
  value: V,
  most: number,
): [K, V] | undefined {
  map.delete(key);
  map.set(key, value);
  if (map.size <= most) return undefined;
  const oldest = map.entries().next().value!;
  map.delete(oldest[0]);
  return oldest;
}
