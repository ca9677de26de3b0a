/** registry: how many installations an app has, by platform, language and permission. */

import type { KindCount, Ports } from '../../ports/ports.ts';
import { byCount, MAX_LANGUAGES } from './estimate.ts';
import { type Reach, reachOf } from './reach.ts';

interface RegistryCount extends Omit<Reach, 'about'> {
  /** those that have not opted out; all numbers below are of them */
  installations: number;
  /** how many were counted; the numbers are extrapolated from these if they are not exact */
  counted: number;
  platforms: Record<string, number>;
  /** the most frequent first; '' stands for no language */
  languages: Record<string, number>;
  /** 'unknown' if it was not told */
  permissions: Record<string, number>;
  /** null: not known */
  optedOut: number | null;
}

/** Exact where the store keeps counts; else from a sample of a few thousand. Throws when the store fails. */
export async function countRegistry(
  { store }: Pick<Ports, 'store'>,
  app: string,
): Promise<RegistryCount> {
  const kinds = await store.countKinds(app);
  if (!kinds) return countSampled(store, app);
  const present = kinds.filter((it) => !it.optedOut);
  const installations = sizeOf(present);
  return {
    installations,
    exact: true,
    interval: { low: installations, high: installations },
    asOf: null,
    counted: installations,
    ...parts(present, (counted) => counted),
    optedOut: sizeOf(kinds) - installations,
  };
}

async function countSampled(store: Ports['store'], app: string): Promise<RegistryCount> {
  const carried = ['platform', 'language', 'permission'] as const;
  const sample = await store.sampleAudience({ app, audience: {}, carried });
  const present = sample.installations.map(
    ({ platform, language = null, permission = null }): Kind => ({
      platform: platform!,
      language,
      permission,
      size: 1,
    }),
  );
  const { about: installations, ...reach } = reachOf(sample);
  const matched = present.length;
  return {
    installations,
    ...reach,
    counted: matched,
    ...parts(present, (it) => Math.round((it * installations) / matched)),
    optedOut: reach.exact ? sample.looked - matched : null,
  };
}

type Kind = Omit<KindCount, 'optedOut'>;

const sizeOf = (kinds: Kind[]) => kinds.reduce((sum, it) => sum + it.size, 0);

function parts(kinds: Kind[], whole: (counted: number) => number) {
  const by = (name: (it: Kind) => string) => {
    const counts = new Map<string, number>();
    for (const it of kinds) counts.set(name(it), (counts.get(name(it)) ?? 0) + it.size);
    return byCount(counts, whole);
  };
  const languages = Object.entries(by((it) => it.language ?? ''));
  return {
    platforms: by((it) => it.platform),
    languages: Object.fromEntries(languages.slice(0, MAX_LANGUAGES)),
    permissions: by((it) => it.permission ?? 'unknown'),
  };
}
