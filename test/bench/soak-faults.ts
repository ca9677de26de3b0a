/** The faults of a soak: which of them both providers have in the next second. */

import type { SimulatorSettings } from '../../functions/simulators/simulator.ts';

type Faults = Omit<
  SimulatorSettings,
  'deadShare' | 'badShare' | 'maxStreams' | 'blocked' | 'holdAfter'
>;

/** Some of a campaign's recipients are refused in words that could be about all; those stay the same. */
export const GENERAL_SHARE = 0.0005;

const none: Faults = {
  latencyMs: 0,
  tooMany: null,
  unavailable: null,
  goawayEvery: 0,
  refuseEvery: 0,
  resetEvery: 0,
  cutEvery: 0,
  silent: false,
  limit: null,
  generalShare: GENERAL_SHARE,
};

/** A second without any, so that backoff does not grow for ever. */
const CALM = 0.35;
/** A crash costs the campaign the rest of a lease of half a minute, a silence the same. */
const KILL = 1 / 25;
const SILENCE = 1 / 30;
const JUMP = 1 / 20;

export function createFaults(random: () => number) {
  const between = (low: number, high: number) => Math.floor(low + random() * (high - low));
  const sometimes = <T>(chance: number, fault: () => T, else_: T): T =>
    random() < chance ? fault() : else_;
  let settings = none;

  /** A push may have been accepted whose answer does not come. */
  const doubtful = () => settings.resetEvery > 0 || settings.cutEvery > 0 || settings.silent;

  return {
    none,
    doubtful,
    next() {
      const before = doubtful();
      settings =
        random() < CALM
          ? { ...none, latencyMs: between(0, 50) }
          : {
              latencyMs: sometimes(0.5, () => between(1, 400), 0),
              goawayEvery: sometimes(0.4, () => between(100, 900), 0),
              refuseEvery: sometimes(0.3, () => between(5, 50), 0),
              resetEvery: sometimes(0.2, () => between(50, 1_000), 0),
              cutEvery: sometimes(0.2, () => between(500, 4_000), 0),
              tooMany: sometimes(
                0.2,
                () => ({ every: between(50, 500), retryAfterSeconds: 1 }),
                null,
              ),
              unavailable: sometimes(
                0.15,
                () => ({ next: between(100, 3_000), retryAfterSeconds: between(1, 3) }),
                null,
              ),
              silent: random() < SILENCE,
              limit: sometimes(
                0.25,
                () => ({
                  perSecond: between(2_000, 30_000),
                  burst: between(50, 1_000),
                  status: random() < 0.5 ? (429 as const) : (503 as const),
                  retryAfterSeconds: random() < 0.5 ? 1 : null,
                }),
                null,
              ),
              generalShare: GENERAL_SHARE,
            };
      // an hour ahead, and back a second later
      const jump = random() < JUMP;
      const kill = random() < KILL;
      const words = Object.entries(settings)
        .filter(([name, it]) => it && name !== 'generalShare')
        .map(
          ([name, it]) =>
            `${name}=${typeof it === 'object' ? Object.values(it ?? {}).join('/') : it}`,
        )
        .join(' ');
      return { settings, words: words || 'calm', doubtful: before || doubtful(), kill, jump };
    },
  };
}
