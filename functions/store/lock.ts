/** One process to a data folder: two would hand out the same tasks and break each other's leases. */

import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Unavailable } from '../errors.ts';

/** Returns the unlocking. Throws `Unavailable` while the process that locked it is alive. */
export function lockFolder(folder: string): () => void {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const path = join(folder, 'lock');
  for (;;) {
    try {
      writeFileSync(path, String(process.pid), { flag: 'wx' });
      return () => rmSync(path, { force: true });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
    const owner = Number(readFileSync(path, 'utf8'));
    if (isAlive(owner))
      throw new Unavailable(
        `another Volley (process ${owner}) uses ${folder}: stop it, or set VOLLEY_DATA`,
      );
    rmSync(path, { force: true });
  }
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
