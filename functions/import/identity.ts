/** Reads the cells that identify a device: id, app, platform, provider, token. */

import { quoted } from '../lib/redact.ts';
import { isTokenOf, tokenOf } from '../model/canonical/token.ts';
import type { Platform } from '../model/platform.ts';
import { type Provider, providers, serves, servesOnly } from '../model/provider/registry.ts';
import { installationId, registrationSchema } from '../model/schemas/registration.ts';
import { bySchema, CellFault, name, oneOfFew, wordsFor } from './cells.ts';

const { shape } = registrationSchema;

/** characters, as in the schema */
const MAX_TOKEN = 4096;
const ID = /^[\w.:-]{1,128}$/;

export function id(cell: unknown): string | CellFault {
  const it = name(cell);
  return it instanceof CellFault || ID.test(it) ? it : bySchema(installationId, it);
}

const appNamed = oneOfFew(shape.app);

/** Refuses a row with another app than the file was sent for: it would be another device. */
export const appOf =
  (whole: string | undefined) =>
  (cell: unknown): string | CellFault => {
    const it = appNamed(cell);
    return it instanceof CellFault || whole === undefined || it === whole
      ? it
      : new CellFault(`is "${quoted(it)}", but the file was sent for "${whole}"`);
  };

export const platform = oneOfFew(
  shape.platform,
  wordsFor(
    ['ios', ['ios', 'iphone', 'ipad', 'ipados', 'apple', 'apns', 'i']],
    ['android', ['android', 'fcm', 'gcm', 'google', 'a']],
    ['web', ['web', 'browser', 'chrome', 'firefox']],
  ),
);

const providerNamed = oneOfFew(
  shape.provider.unwrap(),
  wordsFor(...providers.map((it): [Provider, string[]] => [it, [it]])),
);

export const providerOf =
  (on: Platform | undefined) =>
  (cell: unknown): Provider | CellFault => {
    const it = providerNamed(cell);
    if (it instanceof CellFault || on === undefined || serves(it, on)) return it;
    return new CellFault(servesOnly(it));
  };

export const tokenOn =
  (on: Platform | undefined, provider: Provider) =>
  (cell: unknown): string | CellFault => {
    const it = name(cell);
    if (it instanceof CellFault) return it;
    if (on === undefined) return bySchema(shape.token, it);
    if (it.length <= MAX_TOKEN && isTokenOf(provider, it)) return tokenOf(provider, it);
    const found = bySchema(registrationSchema, { platform: on, provider, token: it });
    return found instanceof CellFault ? found : tokenOf(provider, found.token);
  };
