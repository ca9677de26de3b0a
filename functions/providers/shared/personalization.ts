/**
 * Personalization: what differs between the recipients of one message. The message is built once for
 * each of its languages. For a recipient, only its values are filled in.
 */

import { randomUUID } from 'node:crypto';
import { createdOnce } from '../../lib/created-once.ts';
import { type Fault, faultIn } from '../../lib/errors.ts';
import type { Recipient } from '../../model/chunk.ts';
import { messageIn } from '../../model/message/personalization.ts';
import { fill, templateOf, templateOfJson } from '../../model/message/template.ts';
import type { Outcome } from '../../model/outcome.ts';
import type { Message } from '../../model/schemas/message.ts';
import type { Push } from '../../ports/ports.ts';

type Own = Pick<Recipient, 'values' | 'badge'>;
type Literal = Pick<Message, 'literal'>;

/** Our own outcome without asking the provider, whose refusal would count for all recipients. */
export const TOO_LARGE: Outcome = Object.freeze({ kind: 'rejected', reason: 'PayloadTooLarge' });

const variants = new WeakMap<Push, Map<string, Push>>();

/** The push with its message in a language; without one, as it is. Returns the same object each time. */
export function inLanguage(push: Push, language: string | undefined): Push {
  if (language === undefined) return push;
  const known = createdOnce(variants, push, () => new Map<string, Push>());
  return createdOnce(known, language, () => ({
    ...push,
    message: messageIn(push.message, language),
  }));
}

/**
 * Marks, in quotes, the place of the recipient's badge in a message's JSON; a number without quotes
 * replaces it. No author can write this text: each process draws its own, and it is never stored.
 */
const BADGE = `badge ${randomUUID()}`;

/** Fills a recipient's values into JSON of this message; null if the JSON is the same for all. */
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

/** The same for a text that is no JSON. */
export function textFor(text: string, { literal }: Literal): ((recipient: Own) => string) | null {
  const template = literal ? null : templateOf(text);
  if (template === null) return null;
  return ({ values = {} }) =>
    fill(template, (name) => (Object.hasOwn(values, name) ? values[name] : undefined));
}

/** A badge as a payload holds it: "+1" stands for each recipient's own number. */
export const badgeIn = (badge: number | string) => (typeof badge === 'number' ? badge : BADGE);

/** The faults that `faultsOf` finds in any language of the message, those of the default first. */
export function faultsInAll(push: Push, faultsOf: (push: Push) => Fault[]): Fault[] {
  const faults = faultsOf(push);
  const known = new Set(faults.map((it) => JSON.stringify(it)));
  for (const language of Object.keys(push.message.localized ?? {}))
    for (const it of faultsOf(inLanguage(push, language)))
      if (!known.has(JSON.stringify(it))) faults.push(faultIn(`localized.${language}`, it));
  return faults;
}
