/** Results that each function keeps. Few names are in use; a stream of others must not fill the memory. */
const MAX_KNOWN = 2_000;
/** Characters. No name is longer; results for longer texts are not kept. */
const MAX_LENGTH = 100;

/** The same function with a cache: Intl takes microseconds, and an import asks a million times. */
export function remembered<T>(find: (name: string) => T): (name: string) => T {
  const known = new Map<string, { found: T }>();
  return (name) => {
    if (name.length > MAX_LENGTH) return find(name);
    const there = known.get(name);
    if (there) return there.found;
    const it = { found: find(name) };
    if (known.size === MAX_KNOWN) known.clear();
    known.set(name, it);
    return it.found;
  };
}
