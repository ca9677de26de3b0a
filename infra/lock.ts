/** A lock file of a part of the packages of another one: what was tested is what is deployed. */

interface Locked {
  dependencies?: Record<string, string>;
  optionalDependencies?: Record<string, string>;
  peerDependencies?: Record<string, string>;
  peerDependenciesMeta?: Record<string, { optional?: boolean }>;
  [field: string]: unknown;
}

/** https://docs.npmjs.com/cli/configuring-npm/package-lock-json, of version 3 */
export interface Lock {
  lockfileVersion: number;
  packages: Record<string, Locked>;
  [field: string]: unknown;
}

interface Manifest {
  name: string;
  version: string;
  engines: Record<string, string>;
  dependencies: Record<string, string>;
}

/** Throws when the manifest wants what the lock does not have. */
export function pruneLock(lock: Lock, { name, version, engines, dependencies }: Manifest): Lock {
  if (lock.lockfileVersion !== 3) throw new Error('package-lock.json is not of version 3');
  const kept = new Set<string>();

  /** Where Node would find it: nearest first. */
  const find = (from: string, wanted: string): string | null => {
    for (let at: string | null = from; at !== null; at = around(at)) {
      const place = `${at && `${at}/`}node_modules/${wanted}`;
      if (place in lock.packages) return place;
    }
    return null;
  };

  const keep = (from: string, wanted: string, optional: boolean) => {
    const place = find(from, wanted);
    if (place === null) {
      if (optional) return;
      throw new Error(`${wanted}, which ${from || name} needs, is not in package-lock.json`);
    }
    if (kept.has(place)) return;
    kept.add(place);
    const it = lock.packages[place]!;
    for (const other of Object.keys(it.dependencies ?? {})) keep(place, other, false);
    for (const other of Object.keys(it.optionalDependencies ?? {})) keep(place, other, true);
    for (const other of Object.keys(it.peerDependencies ?? {}))
      keep(place, other, it.peerDependenciesMeta?.[other]?.optional ?? false);
  };
  for (const wanted of Object.keys(dependencies)) keep('', wanted, false);

  const packages = Object.fromEntries([...kept].sort().map((at) => [at, lock.packages[at]!]));
  return {
    name,
    version,
    lockfileVersion: 3,
    requires: true,
    packages: { '': { name, version, dependencies, engines }, ...packages },
  };
}

/** `node_modules/a/node_modules/b` is in `node_modules/a`, that in '', and that in nothing. */
function around(place: string): string | null {
  if (place === '') return null;
  return place.slice(0, Math.max(0, place.lastIndexOf('node_modules/') - 1));
}
