/** One process to a data folder: two would hand out the same tasks and break each other's leases. */

import { linkSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Unavailable } from '../errors.ts';

/**
 * Returns the unlocking. Throws `Unavailable` while the process that locked it is alive.
 *
 * The lock appears with its owner's number in it (a link to a file that is written already), so
 * nobody takes a fresh one for a stale one; and a stale one is moved away by one process only.
 */
export function lockFolder(folder: string): () => void {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const path = join(folder, 'lock');
  const own = `${path}.${process.pid}`;
  writeFileSync(own, String(process.pid));
  try {
    while (!tries(() => linkSync(own, path), 'EEXIST')) {
      const owner = ownerOf(path);
      if (isAlive(owner))
        throw new Unavailable(
          `another Volley (process ${owner}) uses ${folder}: stop it, or set VOLLEY_DATA`,
        );
      tries(() => renameSync(path, `${own}.stale`), 'ENOENT');
      rmSync(`${own}.stale`, { force: true });
    }
  } finally {
    rmSync(own, { force: true });
  }
  return () => {
    if (ownerOf(path) === process.pid) rmSync(path, { force: true });
  };
}

/** False where it fails in the way that is expected. */
function tries(work: () => void, code: string): boolean {
  try {
    work();
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== code) throw error;
    return false;
  }
}

function ownerOf(path: string): number {
  let owner = 0;
  tries(() => {
    owner = Number(readFileSync(path, 'utf8'));
  }, 'ENOENT');
  return owner;
}

function isAlive(pid: number): boolean {
  // a container restarts with the same small number, so our own says nothing
  if (!(pid > 0) || pid === process.pid) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
