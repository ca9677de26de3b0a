/**
 * A message: the content in each language, and the options for the providers. Only code that answers
 * requests imports this file, as with campaign.ts.
 */

import * as z from 'zod';
import { textsIn } from '../../lib/json-texts.ts';
import { LINK_KEY } from '../message/link.ts';
import { misspelt, templateOf, variablesOf } from '../message/template.ts';
import { byLanguage } from './localized.ts';
import { apnsOptions } from './message-apns.ts';
import { fcmOverride } from './message-fcm.ts';
import { LABEL_FORM, labelForm } from './message-text.ts';
import { localized, type Words, words } from './message-words.ts';
import { category } from './registration.ts';

/** FCM keeps a message four weeks at most; APNs has no documented bound. */
const MAX_TTL_SECONDS = 28 * 24 * 60 * 60;
const DEFAULT_TTL_SECONDS = 24 * 60 * 60;
const MAX_LANGUAGES = 100;
const MAX_VARIABLES = 20;
/** Misspelt variables of one text that its fault names. */
const MAX_TOLD = 10;

/** The name of something that the app has made; the same for all recipients. */
const name = z.string().min(1).max(128);

export const messageSchema = z
  .strictObject({
    ...words,
    badge: z
      .union([
        z.int().min(0).max(99_999),
        z.string().regex(/^\+[1-9]\d{0,2}$/, { message: 'must be a number, or such as "+1"' }),
      ])
      .optional()
      .meta({
        description:
          'A number is shown as it is; "+1" counts up from what the installation has, and that is ' +
          'kept. Android counts up by itself.',
      }),
    ttlSeconds: z.int().min(0).max(MAX_TTL_SECONDS).default(DEFAULT_TTL_SECONDS),
    collapseId: z
      .string()
      .min(1)
      .refine((id) => Buffer.byteLength(id) <= 64, { message: 'must be at most 64 bytes' })
      .regex(/^[\x20-\x7e]+$/, { message: 'must be printable ASCII' })
      .optional(),
    priority: z.enum(['high', 'normal']).default('high'),
    androidChannel: name.optional().meta({
      description:
        "The id of one of the app's notification channels. Since Android 8 the channel decides on " +
        'sound, vibration and how much a notification interrupts. Where the app has not made it, ' +
        'FCM takes the default of its manifest.',
    }),
    interruption: z
      .enum(['passive', 'active', 'time-sensitive', 'critical'])
      .optional()
      .meta({
        description:
          "Of an iPhone's notification: passive neither lights up the screen nor sounds, " +
          'time-sensitive breaks through a Focus, critical through the mute switch as well; the last ' +
          'two need an entitlement of Apple. Browsers show a passive one silently. On Android it is ' +
          'up to the channel.',
      }),
    threadId: name.optional().meta({
      description: 'Notifications with the same one are a group on iPhones. FCM has no such field.',
    }),
    actions: name.optional().meta({
      description:
        'The buttons of the notification: the identifier of a category that the iOS app has ' +
        'registered. For browsers give fcm.webpush.notification.actions.',
    }),
    category: category.optional().meta({
      description:
        'What kind of message it is to the people who get it, such as `marketing`. Installations that ' +
        'have opted out of it are no recipients. Nothing of it is sent. The category of Apple is `actions`.',
    }),
    analyticsLabel: z
      .string()
      .regex(labelForm, { message: LABEL_FORM })
      .optional()
      .meta({
        description:
          "Under which Firebase's delivery reports count an FCM message. Without one, a campaign to " +
          'about 90,000 installations or more has its id there, unless its app wants no receipts.',
      }),
    apns: apnsOptions.optional(),
    fcm: fcmOverride
      .optional()
      .meta({ description: 'Merged over the FCM message, by the names of its REST reference.' }),
    literal: z.boolean().optional().meta({
      description: 'True: all texts are as they stand, {{name}} is no variable.',
    }),
    localized: byLanguage(localized)
      .refine((it) => Object.keys(it).length <= MAX_LANGUAGES, {
        message: `may have ${MAX_LANGUAGES} languages at most`,
      })
      .optional()
      .meta({
        description:
          'What differs in a language, by its tag. An installation gets the nearest that it reads, ' +
          'by CLDR: one of pt-BR gets pt-BR, else pt; es-MX, else es-419, else es; zh-HK, else ' +
          'zh-Hant, never zh; nb and no are one. Else it gets what stands outside.',
      }),
  })
  .superRefine((it, context) => {
    const refuse = (path: PropertyKey[], message: string) =>
      context.addIssue({ code: 'custom', path, message });
    for (const [path, text] of textsOf(it)) {
      const wrong = misspelt(text);
      if (wrong.length > 0) refuse(path, noVariables(wrong));
    }
    for (const [path, text] of fixedTextsOf(it))
      if (templateOf(text)) refuse(path, 'takes no variables');
    for (const [path, message] of literalFaultsOf(it)) refuse(path, message);
    for (const [path, message] of wordFaultsOf(it)) refuse(path, message);
    if (variablesOf(it).length > MAX_VARIABLES)
      refuse([], `may have ${MAX_VARIABLES} variables at most`);
  })
  .meta({
    id: 'Message',
    description:
      'In title, subtitle, body and data, and in overrides, {{name}} stands for the attribute of that name of the installation, and ' +
      '{{name|there}} for "there" where it has none.',
  });
export type Message = z.output<typeof messageSchema>;

/** One fault for all misspelt variables of a text: there may be a thousand. */
function noVariables(wrong: string[]): string {
  const told = wrong.slice(0, MAX_TOLD);
  const more = wrong.length - told.length;
  const all = more > 0 ? [...told, `${more} more`] : told;
  const are = wrong.length === 1 ? 'is no variable' : 'are no variables';
  return `${all.join(', ')} ${are}: write {{name}} or {{name|default}}`;
}

/** The content of the message and of each language, with its path. */
const wordsOf = (message: Message): [PropertyKey[], Words][] => [
  [[], message],
  ...Object.entries(message.localized ?? {}).map(([language, own]): [PropertyKey[], Words] => [
    ['localized', language],
    own,
  ]),
];

/** The texts in which variables may stand, with their paths; of an override every text. */
function textsOf(message: Message): [PropertyKey[], string][] {
  const found: [PropertyKey[], string][] = [];
  if (message.literal) return found;
  for (const [path, { title = '', subtitle = '', body = '', data = {} }] of wordsOf(message)) {
    for (const [name, text] of Object.entries({ title, subtitle, body }))
      found.push([[...path, name], text]);
    for (const [name, text] of Object.entries(data)) found.push([[...path, 'data', name], text]);
  }
  for (const text of textsIn(message.apns?.payload)) found.push([['apns', 'payload'], text]);
  for (const text of textsIn(message.fcm)) found.push([['fcm'], text]);
  return found;
}

/** Texts in which no variable may stand: addresses, names, and what is the same for all recipients. */
function fixedTextsOf(message: Message): [PropertyKey[], string][] {
  if (message.literal) return [];
  const { collapseId = '', androidChannel = '', threadId = '', actions = '' } = message;
  const found = Object.entries({ collapseId, androidChannel, threadId, actions }).map(
    ([name, text]): [PropertyKey[], string] => [[name], text],
  );
  for (const [path, own] of wordsOf(message)) {
    const { imageUrl = '', sound = '', link = '', webLink = '', data = {} } = own;
    for (const [name, text] of Object.entries({ imageUrl, sound, link, webLink }))
      found.push([[...path, name], text]);
    for (const name of Object.keys(data)) found.push([[...path, 'data', name], name]);
  }
  found.push(...namesIn(message.apns?.payload, ['apns', 'payload']));
  found.push(...namesIn(message.fcm, ['fcm']));
  return found;
}

/** Faults between the texts of a message, in any of its languages. */
function wordFaultsOf(message: Message): [PropertyKey[], string][] {
  const faults: [PropertyKey[], string][] = [];
  const all = wordsOf(message);
  const hasLink = all.some(([, { link }]) => link !== undefined);
  const hasAlert = (message.apns?.payload?.aps as { alert?: unknown } | undefined)?.alert != null;
  for (const [path, { title, subtitle, body, data = {} }] of all) {
    if (hasLink && Object.hasOwn(data, LINK_KEY))
      faults.push([[...path, 'data', LINK_KEY], 'is where apps find link: give one of them']);
    const words = [message.title, message.body, title, body];
    if (subtitle !== undefined && !hasAlert && words.every((it) => it === undefined))
      faults.push([[...path, 'subtitle'], 'goes with a title or a body']);
  }
  return faults;
}

/**
 * Names in an override, with their paths: a value must not become a name. Recursive: the depth is
 * bounded.
 */
function namesIn(value: unknown, path: PropertyKey[]): [PropertyKey[], string][] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([name, inner]): [PropertyKey[], string][] => [
    [[...path, name], name],
    ...namesIn(inner, [...path, name]),
  ]);
}

/**
 * Faults of overrides in a literal message: they were checked with defaults, which a literal message
 * has not.
 */
function literalFaultsOf({ literal, apns, fcm }: Message): [PropertyKey[], string][] {
  if (!literal) return [];
  const parts: [string, z.ZodType, unknown][] = [
    ['apns', apnsOptions, apns],
    ['fcm', fcmOverride, fcm],
  ];
  return parts.flatMap(([name, schema, part]) => {
    // the faults of a faulty override are reported already
    if (part === undefined || !schema.safeParse(part).success) return [];
    // no valid form has braces in it
    const without = JSON.parse(JSON.stringify(part).replaceAll('{{', '{ {'));
    const issues = schema.safeParse(without).error?.issues ?? [];
    return issues.map((it): [PropertyKey[], string] => [[name, ...it.path], it.message]);
  });
}
