/** The providers by name, by platform and by token: all that differs between them comes from here. */

import { list } from '#providers';
import { type Platform, platforms } from '../platform.ts';
import type { ProviderDescription } from './description.ts';

export type Provider = (typeof list)[number]['name'];

type Named = ProviderDescription & { readonly name: Provider };

const registered: readonly Named[] = list;
const byName: ReadonlyMap<string, Named> = new Map(registered.map((it) => [it.name, it]));

export const providers = registered.map(({ name }) => name) as [Provider, ...Provider[]];

export const isProvider = (it: unknown): it is Provider => typeof it === 'string' && byName.has(it);

/** Throws a RangeError if there is no such provider: names from outside were checked before. */
export function descriptionOf(provider: Provider): Named {
  const found = byName.get(provider);
  if (found === undefined) throw new RangeError(`there is no provider "${provider}"`);
  return found;
}

/** The fields of a message whose values only one provider gets. */
export const overrides = registered.flatMap(({ overrides }) => overrides ?? []);

/** Whether the message has an override with content of its own: then it needs no title or data. */
export const isOverridden = (message: object): boolean =>
  registered.some(({ overrides, content }) => {
    const own = overrides && (message as Record<string, unknown>)[overrides];
    if (typeof own !== 'object' || own === null) return false;
    return content?.some((it) => Object.hasOwn(own, it)) ?? true;
  });

/** An object with a value for each provider, in their order. */
export const forEachProvider = <T>(create: (provider: Provider) => T) =>
  Object.fromEntries(providers.map((it) => [it, create(it)])) as Record<Provider, T>;

/** Sorted once: each row of an import asks. */
const byPlatform: ReadonlyMap<Platform, readonly Provider[]> = new Map(
  platforms.map((platform) => [
    platform,
    registered
      .filter((it) => it.platforms.includes(platform))
      .sort((a, b) => Number(b.usualFor.includes(platform)) - Number(a.usualFor.includes(platform)))
      .map(({ name }) => name),
  ]),
);

/** Providers that reach a platform, the usual one first. */
export const reaching = (platform: Platform): readonly Provider[] => byPlatform.get(platform) ?? [];

/** The provider of a registration that names none. */
export const defaultProvider = (platform: Platform): Provider => reaching(platform)[0]!;

/** The provider that has topics or conditions. */
export const providerOfTarget = (target: 'topic' | 'condition'): Provider =>
  registered.find((it) => it.targets.includes(target))!.name;

/** The fault of a registration on another platform. */
export const servesOnly = (provider: Provider): string =>
  `${provider} serves ${descriptionOf(provider).platforms.join(', ')} only`;

export const serves = (provider: Provider, platform: Platform): boolean =>
  descriptionOf(provider).platforms.includes(platform);
