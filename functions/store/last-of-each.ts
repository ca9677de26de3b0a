import type { Installation } from '../pipeline/installation.ts';

/**
 * What is left of a batch when its later rows win: of each id the last row, of each token the last
 * id. Settled before the rows are sorted the way they lie on disk, or written side by side.
 */
export function lastOfEach<T extends Pick<Installation, 'app' | 'id' | 'token'>>(batch: T[]): T[] {
  const byId = new Map<string, T>();
  for (const it of batch) {
    const key = `${it.app} ${it.id}`;
    byId.delete(key);
    byId.set(key, it);
  }
  const byToken = new Map<string, T>();
  for (const it of byId.values()) byToken.set(`${it.app} ${it.token}`, it);
  return [...byToken.values()];
}
