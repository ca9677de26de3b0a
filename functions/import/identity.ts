/** The cells that say which device a row is about. */

import { quoted } from '../lib/redact.ts';
import { isApnsToken, tokenOf } from '../model/canonical/token.ts';
import type { Platform, Provider } from '../model/platform.ts';
import { installationId, registrationSchema } from '../model/schemas/registration.ts';
import { bySchema, CellFault, name, oneOfFew, wordsFor } from './cells.ts';

const { shape } = registrationSchema;

const ID = /^[\w.:-]{1,128}$/;

export function id(cell: unknown): string | CellFault {
  const it = name(cell);
  return it instanceof CellFault || ID.test(it) ? it : bySchema(installationId, it);
}

const appNamed = oneOfFew(shape.app);

/** A row that says another app than the whole file is refused: it would be another device. */
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
  wordsFor(['apns', ['apns']], ['fcm', ['fcm']]),
);

export const providerOf =
  (on: Platform | undefined) =>
  (cell: unknown): Provider | CellFault => {
    const it = providerNamed(cell);
    return it === 'apns' && on !== undefined && on !== 'ios'
      ? new CellFault('apns serves ios only')
      : it;
  };

const FCM = /^[\w:-]{1,4096}$/;

export const tokenOn =
  (on: Platform | undefined, provider: Provider) =>
  (cell: unknown): string | CellFault => {
    const it = name(cell);
    if (it instanceof CellFault) return it;
    if (on === undefined) return bySchema(shape.token, it);
    if (provider === 'apns' ? isApnsToken(it) : FCM.test(it)) return tokenOf(provider, it);
    const found = bySchema(registrationSchema, { platform: on, provider, token: it });
    return found instanceof CellFault ? found : tokenOf(provider, found.token);
  };
