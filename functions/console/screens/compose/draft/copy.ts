/** From a campaign of the API to the form: "copy as new". */

import type { CampaignView } from '../../../../http/campaigns/view.ts';
import { decompile } from '../audience/decompile.ts';
import { type Draft, emptyDraft, type Options, type Words } from './draft.ts';

/** Its time is left out, since it has passed. One that was by the devices' own clocks asks for another. */
export function draftOf({
  name,
  app,
  message,
  audience,
  rate,
  canary,
  dryRun,
  schedule,
}: CampaignView): Draft {
  const empty = emptyDraft();
  const { localized = {}, apns, fcm, literal = false, badge, ttlSeconds, ...rest } = message;
  const group = decompile(audience);
  const json = JSON.stringify(audience, null, 2);
  return {
    ...empty,
    name,
    app,
    words: wordsOf(rest),
    translations: Object.entries(localized).map(([language, words]) => ({
      language,
      words: wordsOf(words),
    })),
    options: {
      ...empty.options,
      ...filled(rest, names),
      interruption: rest.interruption ?? '',
      badge: badge === undefined ? '' : String(badge),
      ttlSeconds: ttlSeconds === DAY ? '' : String(ttlSeconds),
      priority: rest.priority === 'high' ? '' : rest.priority,
      literal,
      apns: apns === undefined ? '' : JSON.stringify(apns, null, 2),
      fcm: fcm === undefined ? '' : JSON.stringify(fcm, null, 2),
    },
    audience: group ? { mode: 'rows', group, json } : { ...empty.audience, mode: 'json', json },
    when:
      schedule?.local === undefined
        ? empty.when
        : { kind: 'local', wall: '', late: schedule.late ?? 'now' },
    rate: rate ? String(rate.perMinute) : '',
    canary: canary
      ? {
          on: true,
          percent: String(canary.percent),
          holdSeconds: String(canary.holdSeconds),
          maxFailurePercent: String(Math.round(canary.maxFailureRate * 100_000) / 1000),
        }
      : empty.canary,
    dryRun,
  };
}

/** The API's own default, in seconds, which an empty field stands for. */
const DAY = 86_400;

const names = [
  'collapseId',
  'category',
  'androidChannel',
  'threadId',
  'actions',
  'analyticsLabel',
] as const satisfies (keyof Options)[];

const texts = ['title', 'subtitle', 'body', 'imageUrl', 'link', 'webLink', 'sound'] as const;

type Given = { [K in (typeof texts)[number]]?: string | undefined } & {
  data?: Record<string, string> | undefined;
};

const wordsOf = ({ data = {}, ...words }: Given): Words => ({
  ...filled(words, texts),
  data: Object.entries(data).map(([name, value]) => ({ name, value })),
});

/** The values of these names; '' for what is not there. */
const filled = <K extends string, V extends string>(
  from: { [N in K]?: V | undefined },
  keys: readonly K[],
) => Object.fromEntries(keys.map((it) => [it, from[it] ?? ''])) as Record<K, V | ''>;
