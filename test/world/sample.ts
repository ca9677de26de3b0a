import { type Installation, installation } from '../../functions/model/installation.ts';
import { sampleToken } from '../../functions/simulators/shared/tokens.ts';

/** Returns the same installation for the same number; every second one is ios. */
export function sample(i: number): Installation {
  const platform = i % 2 ? 'android' : 'ios';
  const token = sampleToken(i % 2 ? 'fcm' : 'apns', i);
  const rest = { environment: 'production' as const, tags: [], attributes: {} };
  return installation(
    `installation-${i}`,
    { app: 'default', platform, token, language: 'en', ...rest },
    1_700_000_000_000,
  );
}
