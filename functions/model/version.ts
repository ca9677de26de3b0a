/** Versions of apps, and ranges of them as npm writes them (semver). */

import Range from 'semver/classes/range.js';
import coerce from 'semver/functions/coerce.js';
import parse from 'semver/functions/parse.js';

/** Whether a text is a range such as ">=2.1.0 <3". */
export function isRange(text: string): boolean {
  try {
    return new Range(text) !== null;
  } catch {
    return false;
  }
}

/**
 * Whether an app's version is in a range. Versions of two or four parts count by their first three: 4.2 and
 * 4.2.0.77 are 4.2.0. A pre-release is in a range by its order (2.1.0-beta.1 is in ">=2.0.0"), even if the
 * range names none.
 */
export function isVersionIn(range: string, version: string | undefined): boolean {
  if (version === undefined) return false;
  let known = ranges.get(range);
  if (known === undefined) {
    if (ranges.size === MAX_RANGES) ranges.clear();
    known = { range: new Range(range, { includePrerelease: true }), versions: new Map() };
    ranges.set(range, known);
  }
  let holds = known.versions.get(version);
  if (holds === undefined) {
    const it = /^v?\d/.test(version) ? (parse(version) ?? coerce(version)) : null;
    holds = it !== null && known.range.test(it);
    if (known.versions.size === MAX_VERSIONS) known.versions.clear();
    known.versions.set(version, holds);
  }
  return holds;
}

/** Caches, by range: an app has few versions among many installations, and semver takes microseconds. */
const ranges = new Map<string, { range: Range; versions: Map<string, boolean> }>();
const MAX_RANGES = 100;
const MAX_VERSIONS = 2_000;
