/** Tokens in canonical form, the spelling in which they are stored and compared. */

import { descriptionOf, type Provider, providers } from '../provider/registry.ts';

/** Whether a text has the form of a provider's token. */
export const isTokenOf = (provider: Provider, token: string): boolean =>
  descriptionOf(provider).token.pattern.test(token);

/** The token as it is stored: in lower case where the provider ignores case. */
export const tokenOf = (provider: Provider, token: string): string =>
  descriptionOf(provider).token.ignoresCase ? token.toLowerCase() : token;

/**
 * The canonical form of a token in a list without providers: its form shows the provider if no other
 * has it.
 */
export function namedToken(token: string): string {
  const by = providers.find((it) => descriptionOf(it).token.isDistinct && isTokenOf(it, token));
  return by === undefined ? token : tokenOf(by, token);
}
