/**
 * What differs between the recipients of one message. It is built once for each of its languages;
 * for a recipient only its own words are put in their places.
 */

import { randomUUID } from 'node:crypto';
import { type Fault, faultIn } from '../../lib/errors.ts';
import type { Recipient } from '../../model/chunk.ts';
import { messageIn } from '../../model/message/personalization.ts';
import { fill, templateOf, templateOfJson } from '../../model/message/template.ts';
import type { Outcome } from '../../model/outcome.ts';
import type { Message } from '../../model/schemas/message.ts';
import type { Push } from '../../ports/ports.ts';

type Own = Pick<Recipient, 'values' | 'badge'>;
type Literal = Pick<Message, 'literal'>;

/** Our own word, before the provider is asked: it would say so of everybody's message. */
export const TOO_LARGE: Outcome = Object.freeze({ kind: 'rejected', reason: 'PayloadTooLarge' });

const variants = new WeakMap<Push, Map<string, Push>>();

/** The push as it is in one of its message's languages: the same object each time. */
export function inLanguage(push: Push, language: string | undefined): Push {
  if (language === undefined) return push;
  const known = variants.get(push) ?? new Map<string, Push>();
  variants.set(push, known);
  const it = known.get(language) ?? { ...push, message: messageIn(push.message, language) };
  known.set(language, it);
  return it;
}

/**
 * Stands, in quotes, where a message's JSON has the recipient's own badge: a number without quotes
 * comes there. No author can write it: each process makes up its own, and it is never stored.
 */
const BADGE = `badge ${randomUUID()}`;

/** Of JSON made of this message; null where there is nothing of the recipient's own in it. */
export function jsonFor(json: string, { literal }: Literal): ((recipient: Own) => string) | null {
  const parts = json.split(`"${BADGE}"`).map((part) => {
    const template = literal ? null : templateOfJson(part);
    return template ?? { texts: [part], places: [] };
  });
  if (parts.length === 1 && parts[0]!.places.length === 0) return null;
  return ({ values = {}, badge }) => {
    const valueFor = (name: string) =>
      Object.hasOwn(values, name) ? JSON.stringify(values[name]).slice(1, -1) : undefined;
    return parts.map((it) => fill(it, valueFor)).join(String(badge ?? 1));
  };
}

/** The same for a text that is not JSON. */
export function textFor(text: string, { literal }: Literal): ((recipient: Own) => string) | null {
  const template = literal ? null : templateOf(text);
  if (template === null) return null;
  return ({ values = {} }) =>
    fill(template, (name) => (Object.hasOwn(values, name) ? values[name] : undefined));
}

/** A badge as it stands in a payload: "+1" is each recipient's own number. */
export const badgeIn = (badge: number | string) => (typeof badge === 'number' ? badge : BADGE);

/** What `faultsOf` finds in any of the message's languages, the default's first. */
export function faultsInAll(push: Push, faultsOf: (push: Push) => Fault[]): Fault[] {
  const faults = faultsOf(push);
  const known = new Set(faults.map((it) => JSON.stringify(it)));
  for (const language of Object.keys(push.message.localized ?? {}))
    for (const it of faultsOf(inLanguage(push, language)))
      if (!known.has(JSON.stringify(it))) faults.push(faultIn(`localized.${language}`, it));
  return faults;
}
