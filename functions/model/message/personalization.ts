/** Personalization: a message in one recipient's language, with its values in the places of variables. */

import { languagePicker } from '../canonical/language.ts';
import type { Recipient } from '../chunk.ts';
import type { Carried, Reached } from '../installation.ts';
import type { Message } from '../schemas/message.ts';
import { variablesOf } from './template.ts';

/** The message in one of its languages (a key of `localized`), or its default without one. */
export function messageIn(message: Message, language?: string): Message {
  const { localized, ...rest } = message;
  const own = language === undefined ? undefined : localized?.[language];
  if (!own) return rest;
  return {
    ...rest,
    ...own,
    ...((rest.data || own.data) && { data: { ...rest.data, ...own.data } }),
  };
}

/**
 * Which of the message's languages an installation of `language` gets; undefined is the default. Both
 * are canonical tags. `canonical/language.ts` decides which language is the nearest.
 */
export function languageFor({ localized }: Message, language?: string): string | undefined {
  if (!localized) return undefined;
  let pick = pickers.get(localized);
  if (!pick) {
    pick = languagePicker(Object.keys(localized));
    pickers.set(localized, pick);
  }
  return pick(language);
}

/** Kept by message: a campaign asks once for each recipient, which may be a million times. */
const pickers = new WeakMap<object, ReturnType<typeof languagePicker>>();

/** How a message differs from recipient to recipient. */
export interface Personalization {
  /** fields of an installation that pages of the audience must carry */
  carried: Carried[];
  /** The recipient's own part; `missing` counts the variables it has neither a value nor a default for. */
  of(it: Reached, missing: Map<string, number>): Pick<Recipient, 'language' | 'values' | 'badge'>;
}

/** Null for a message that is the same for every recipient. */
export function personalizationOf(message: Message): Personalization | null {
  const languages = Object.keys(message.localized ?? {});
  const variables = new Map(
    [undefined, ...languages].map((it) => [it, variablesOf(messageIn(message, it))]),
  );
  const varies = [...variables.values()].some((it) => it.length > 0);
  // a text such as "+3" increments the badge on iOS; Android counts by itself
  const badge = typeof message.badge === 'string' ? Number(message.badge) : null;
  if (languages.length === 0 && !varies && badge === null) return null;
  return {
    carried: [
      ...(badge !== null ? (['platform'] as const) : []),
      ...(languages.length > 0 ? (['language'] as const) : []),
      ...(varies ? (['attributes'] as const) : []),
    ],
    of(it, missing) {
      const language = languageFor(message, it.language);
      const values: [string, string][] = [];
      for (const { name, needed } of variables.get(language)!) {
        const value = attributeText(it, name);
        if (value !== '') values.push([name, value]);
        else if (needed) missing.set(name, (missing.get(name) ?? 0) + 1);
      }
      return {
        ...(language !== undefined && { language }),
        ...(values.length > 0 && { values: Object.fromEntries(values) }),
        ...(badge !== null && it.platform === 'ios' && { badge }),
      };
    },
  };
}

/** An attribute as text; '' if the installation has none, since an empty value is no better than none. */
function attributeText({ attributes = {} }: Reached, name: string): string {
  return Object.hasOwn(attributes, name) ? String(attributes[name]).toWellFormed() : '';
}
