/** Tokens in canonical form, the spelling in which they are stored and compared. */

import { descriptionOf, type Provider, providers } from '../provider/registry.ts';

/** Whether a text has the form of a provider's token. */
export const isTokenOf = (provider: Provider, token: string): boolean =>
  descriptionOf(provider).token.pattern.test(token);

/** `ExponentPushToken[…]`: https://docs.expo.dev/push-notifications/sending-notifications-custom/ */
const EXPO = /^Expo(?:nent)?PushToken\[/;

/** Why a text is no token of a provider, in words. */
export const tokenFault = (provider: Provider, token: string): string =>
  EXPO.test(token)
    ? 'is a token of Expo, and only Expo sends to those: register what getDevicePushTokenAsync() gives'
    : descriptionOf(provider).token.expected;

/** The token as it is stored: in lower case where the provider ignores case. */
export const tokenOf = (provider: Provider, token: string): string =>
  descriptionOf(provider).token.ignoresCase ? token.toLowerCase() : token;

/** The forms in which a token may be stored whose provider is not known; [] if it is no token of any. */
export const tokenForms = (token: string): string[] => {
  const possible = providers.filter((it) => isTokenOf(it, token));
  return [...new Set(possible.map((it) => tokenOf(it, token)))];
};

/**
 * The canonical form of a token in a list without providers: its form shows the provider if no other
 * has it.
 */
export function namedToken(token: string): string {
  const by = providers.find((it) => descriptionOf(it).token.isDistinct && isTokenOf(it, token));
  return by === undefined ? token : tokenOf(by, token);
}
