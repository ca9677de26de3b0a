/** Texts with variables in the parts of a message that go to a provider as they are. */

import * as z from 'zod';
import { RECEIPT_KEY } from '../message/receipt-key.ts';
import { fill, templateOf } from '../message/template.ts';

/** The text that a recipient without any values gets: each variable becomes its default, or ''. */
export function withDefaults(text: string): string {
  const template = templateOf(text);
  return template === null ? text : fill(template, () => undefined);
}

/** A text of a given form. A text with variables must have it with their defaults filled in. */
export const formed = (fits: RegExp | ((text: string) => boolean), message: string) =>
  z.string().refine(
    (text) => {
      const filled = withDefaults(text);
      return typeof fits === 'function' ? fits(filled) : fits.test(filled);
    },
    { message },
  );

/** A text that is one of `words`, with the defaults of variables filled in. */
export const oneOf = (words: readonly string[]) =>
  formed((text) => words.includes(text), `must be one of ${words.join(', ')}`);

/** https://firebase.google.com/docs/cloud-messaging/understand-delivery, "Adding analytics labels" */
export const labelForm = /^[\w.~%-]{1,50}$/;
export const LABEL_FORM = 'must be 1 to 50 letters, digits and - _ . ~ %';

/** The fault of an author's own value where a push has its receipt key. */
export const RESERVED = 'is a name that Volley has reserved';

/** Refuses the receipt key among values that are merged with it; the arguments of `refine`. */
export const withoutReceiptKey: [(it: object) => boolean, { path: string[]; message: string }] = [
  (it) => !Object.hasOwn(it, RECEIPT_KEY),
  { path: [RECEIPT_KEY], message: RESERVED },
];

/** An https URL (RFC 3986, as far as `URL` checks it): the device opens it. */
export const httpsLink = formed(
  (text) => /^https:\/\//i.test(text) && URL.canParse(text),
  'must be an https address',
);
