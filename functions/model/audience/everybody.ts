/**
 * An audience of everybody is explicit in a request: `{"everybody": true}`. A request whose audience has
 * no condition is refused, since a client that drops a field without a value would else push to all. In
 * the store, an audience without conditions means everybody.
 */

/** The fault of an audience, or of a part of one, without a condition. */
export const NO_CONDITION = 'has no condition: add one, or set "everybody" to true';

type Json = Record<string, unknown>;

const isObject = (it: unknown): it is Json =>
  typeof it === 'object' && it !== null && !Array.isArray(it);

/** True for undefined, and for an object without a defined field. Schemas refuse empty lists. */
export const isEmpty = (it: unknown) =>
  it === undefined || (isObject(it) && Object.values(it).every((inner) => inner === undefined));

/** Why these fields are no audience, with the path; null if they are one. */
export function audienceFault(fields: object): { path: string[]; message: string } | null {
  const { everybody, ...others } = fields as Json;
  const alone = isEmpty(others);
  if (everybody === undefined) return alone ? { path: [], message: NO_CONDITION } : null;
  return alone
    ? null
    : { path: ['everybody'], message: 'stands alone: remove it, or the other conditions' };
}

/** The same audience as it is stored and given to a store. */
export function withoutEverybody<T extends { everybody?: true | undefined }>({
  everybody: _,
  ...conditions
}: T): Omit<T, 'everybody'> {
  return conditions;
}

/**
 * A stored audience in the form of a request, with the same meaning: objects without a condition become
 * `{"everybody": true}`, and operators without a condition, which older requests could have, are left out.
 */
export function said<T extends object>(audience: T): T | { everybody: true } {
  const conditions = Object.entries(audience).flatMap(([name, it]): [string, unknown][] => {
    const own = saidWithin(name, it);
    return isEmpty(own) ? [] : [[name, own]];
  });
  return conditions.length > 0 ? (Object.fromEntries(conditions) as T) : { everybody: true };
}

/** The same for one field. A field of a template may hold any JSON. */
function saidWithin(name: string, it: unknown): unknown {
  const inner = (each: unknown) => (isObject(each) ? said(each) : each);
  if (name === 'not') return inner(it);
  if (name === 'and' || name === 'or') return Array.isArray(it) ? it.map(inner) : it;
  if (name !== 'attributes' || !isObject(it)) return it;
  return Object.fromEntries(Object.entries(it).filter(([, comparison]) => !isEmpty(comparison)));
}
