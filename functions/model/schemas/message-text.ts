/** Texts in the parts of a message that a provider reads itself, where variables may stand. */

import { z } from 'zod';
import { fill, templateOf } from '../message/template.ts';

/** The text that a recipient without any values gets: each variable is its default, or ''. */
export function withDefaults(text: string): string {
  const template = templateOf(text);
  return template === null ? text : fill(template, () => undefined);
}

/** A text that has a form. With variables, it has the form once their defaults are filled in. */
export const formed = (fits: RegExp | ((text: string) => boolean), message: string) =>
  z.string().refine(
    (text) => {
      const filled = withDefaults(text);
      return typeof fits === 'function' ? fits(filled) : fits.test(filled);
    },
    { message },
  );

export const oneOf = (words: readonly string[]) =>
  formed((text) => words.includes(text), `must be one of ${words.join(', ')}`);

/** https://firebase.google.com/docs/cloud-messaging/understand-delivery, "Adding analytics labels" */
export const labelForm = /^[\w.~%-]{1,50}$/;
export const LABEL_FORM = 'must be 1 to 50 letters, digits and - _ . ~ %';

/** RFC 3986 as far as it matters here: the provider opens it, so it must be one it takes. */
export const httpsLink = formed(
  (text) => /^https:\/\//i.test(text) && URL.canParse(text),
  'must be an https address',
);
