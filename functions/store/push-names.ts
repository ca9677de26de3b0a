/** Names that a provider gave to the pushes of a message, the same on both engines. */

import type { PushNames } from '../model/chunk.ts';

/** `json`: as `JSON.stringify` wrote the names; null or absent: none are kept. */
export const nameIn = (json: string | null | undefined, index: number): string | null =>
  nameAt(json ? JSON.parse(json) : undefined, index);

export const nameAt = (names: PushNames | undefined, index: number): string | null =>
  names?.[index] ?? null;

/** The names without those of erased recipients; undefined: none is left. */
export function namesWithout(
  names: PushNames | undefined,
  gone: ReadonlySet<number>,
): PushNames | undefined {
  const left = Object.entries(names ?? {}).filter(([index]) => !gone.has(Number(index)));
  return left.length > 0 ? Object.fromEntries(left) : undefined;
}
