/** Names kept by each function: few are used, and endless others must not fill the memory. */
const MAX_KNOWN = 2_000;
/** Longer ones are none, and are not kept: a schema tells that a text is too long, and looks on. */
const MAX_LENGTH = 100;

/** The same function with a memory: Intl takes microseconds for what an import asks a million times. */
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
