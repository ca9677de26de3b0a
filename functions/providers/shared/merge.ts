/** Merges `over` into a copy of `base`: objects deeply, all other values are replaced. Changes neither. */
export function merge(
  base: Record<string, unknown>,
  over: Record<string, unknown>,
): Record<string, unknown> {
  const entries = new Map(Object.entries(base));
  for (const [name, value] of Object.entries(over)) {
    const old = entries.get(name);
    entries.set(name, isObject(value) && isObject(old) ? merge(old, value) : value);
  }
  // fromEntries defines properties, so a name such as __proto__ stays an ordinary one
  return Object.fromEntries(entries);
}

/** Whether the value is an object that is not a list. */
export const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
