/**
 * Everybody is said: `{"everybody": true}`. An audience that says nothing is refused at the door,
 * since a client that drops a field it has no value for would push to all. Once accepted, an audience
 * without conditions means everybody, as it always did in what is stored.
 */

/** What is told of an audience, or of a part of one, without a condition. */
export const NO_CONDITION = 'has no condition; an audience of everybody is {"everybody": true}';

type Json = Record<string, unknown>;

const isObject = (it: unknown): it is Json =>
  typeof it === 'object' && it !== null && !Array.isArray(it);

/** An object of which no field is given; lists have something by their schemas. */
export const isEmpty = (it: unknown) =>
  it === undefined || (isObject(it) && Object.values(it).every((inner) => inner === undefined));

/** Why these fields are no audience, and where; null if they are one. */
export function audienceFault(fields: object): { path: string[]; message: string } | null {
  const { everybody, ...others } = fields as Json;
  const alone = isEmpty(others);
  if (everybody === undefined) return alone ? { path: [], message: NO_CONDITION } : null;
  return alone ? null : { path: ['everybody'], message: 'goes with nothing else' };
}

/** The same audience, as it is stored and asked for. */
export function withoutEverybody<T extends { everybody?: true | undefined }>({
  everybody: _,
  ...conditions
}: T): Omit<T, 'everybody'> {
  return conditions;
}

/**
 * A stored audience as a request says it: in all its objects everybody is said, and an operator
 * without a condition, which older requests could have, is left out. What it means is the same.
 */
export function said<T extends object>(audience: T): T | { everybody: true } {
  const conditions = Object.entries(audience).flatMap(([name, it]): [string, unknown][] => {
    const own = saidWithin(name, it);
    return isEmpty(own) ? [] : [[name, own]];
  });
  return conditions.length > 0 ? (Object.fromEntries(conditions) as T) : { everybody: true };
}

/** Of a template a field may be anything. */
function saidWithin(name: string, it: unknown): unknown {
  const inner = (each: unknown) => (isObject(each) ? said(each) : each);
  if (name === 'not') return inner(it);
  if (name === 'and' || name === 'or') return Array.isArray(it) ? it.map(inner) : it;
  if (name !== 'attributes' || !isObject(it)) return it;
  return Object.fromEntries(Object.entries(it).filter(([, comparison]) => !isEmpty(comparison)));
}
