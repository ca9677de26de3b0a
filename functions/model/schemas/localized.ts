/** Objects whose names are languages, for the parts of a message that differ by language. */

import * as z from 'zod';
import { languageKey } from '../canonical/language.ts';
import { languageOf } from '../canonical/language-tag.ts';

const MAX_LENGTH = 35;

/**
 * An object by language. Its names become canonical; two names of one language (zh-TW and zh_TW_#Hant)
 * are a fault.
 */
export const byLanguage = <T extends z.ZodType>(value: T) =>
  z
    .record(z.string(), value)
    .superRefine((it, context) => {
      const known = new Map<string, string>();
      const refuse = (name: string, message: string) =>
        context.addIssue({ code: 'custom', path: [name], message });
      for (const name of Object.keys(it)) {
        const tag = name.length > MAX_LENGTH ? null : languageOf(name);
        const before = tag === null ? undefined : known.get(languageKey(tag));
        if (tag === null) refuse(name, 'is no language tag such as de or pt-BR');
        else if (before !== undefined) refuse(name, `is the same language as ${before}`);
        else known.set(languageKey(tag), name);
      }
    })
    .transform((it) =>
      Object.fromEntries(Object.entries(it).map(([name, own]) => [languageOf(name) ?? name, own])),
    );
