/** The value stored under `key`; if there is none, the value of `make`, which is then stored. */
export function createdOnce<K, V>(
  stored: { get(key: K): V | undefined; set(key: K, value: V): unknown },
  key: K,
  make: () => V,
): V {
  const found = stored.get(key);
  if (found !== undefined) return found;
  const made = make();
  stored.set(key, made);
  return made;
}
