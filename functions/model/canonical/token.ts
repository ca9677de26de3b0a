/** Tokens in the one spelling in which they are stored and compared. */

import { descriptionOf, type Provider, providers } from '../provider/registry.ts';

export const isTokenOf = (provider: Provider, token: string): boolean =>
  descriptionOf(provider).token.pattern.test(token);

/** As it is stored: in lower case where the provider takes both spellings for one token. */
export const tokenOf = (provider: Provider, token: string): string =>
  descriptionOf(provider).token.ignoresCase ? token.toLowerCase() : token;

/** A token in a list that does not say whose it is. A form that only one provider has tells. */
export function namedToken(token: string): string {
  const by = providers.find((it) => descriptionOf(it).token.isDistinct && isTokenOf(it, token));
  return by === undefined ? token : tokenOf(by, token);
}
