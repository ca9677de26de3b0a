/** registry: how many installations an app has, by platform, language and permission. */

import { type Interval, intervalOf } from '../../model/audience/interval.ts';
import type { KindCount, Ports } from '../../ports/ports.ts';
import { byCount, MAX_LANGUAGES } from './estimate.ts';

interface RegistryCount {
  /** those that have not opted out; all numbers below are of them */
  installations: number;
  exact: boolean;
  /** in 95 of 100 cases it is that many */
  interval: Interval;
  /** changes after that time, in ms, may be missing; null: none is */
  asOf: number | null;
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
  const { looked, counted, share, asOf } = sample;
  const present = sample.installations.map(
    ({ platform, language = null, permission = null }): Kind => ({
      platform: platform!,
      language,
      permission,
      size: 1,
    }),
  );
  const matched = present.length;
  const exact = looked === counted && share === 1 && asOf === null;
  const { about, ...interval } = intervalOf({ matched, looked, counted, share });
  const installations = exact ? matched : about;
  return {
    installations,
    exact,
    interval: exact ? { low: matched, high: matched } : interval,
    asOf,
    counted: matched,
    ...parts(present, (it) => Math.round((it * installations) / matched)),
    optedOut: exact ? looked - matched : null,
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
