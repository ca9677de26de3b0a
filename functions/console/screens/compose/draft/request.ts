/** From the form to the request of the API. What is typed goes there as it is: the API says what is wrong. */

import { askedOf } from '../../../parts/when/time.ts';
import { instantOf } from '../../../parts/when/zone.ts';
import { texts } from '../../../texts/texts.ts';
import { compile } from '../audience/compile.ts';
import type { DataEntry, Draft, Options, Words } from './draft.ts';

type Json = Record<string, unknown>;

export interface Fault {
  path: string;
  message: string;
}

export interface Written {
  /** of POST /v1/campaigns */
  campaign: Json & { app: string; message: Json; audience: unknown };
  /** of POST /v1/schedules; null: it is sent once */
  schedule: Json | null;
  /** what is wrong before the API sees it: texts that are no JSON, times that clocks do not show */
  faults: Fault[];
  /** by the id of a row or a group of the audience */
  paths: Map<string, string>;
}

export function written(draft: Draft): Written {
  const faults: Fault[] = [];
  const json = (path: string, text: string): unknown => {
    if (text.trim() === '') return undefined;
    try {
      return JSON.parse(text);
    } catch (error) {
      faults.push({ path, message: `is not JSON: ${(error as Error).message}` });
      return undefined;
    }
  };
  const rows = compile(draft.audience.group);
  const isRows = draft.audience.mode === 'rows';
  const audience = isRows ? rows.audience : json('audience', draft.audience.json);
  const message = messageOf(draft, json);
  faults.push(...repeatedNames(draft));
  const campaign = without({
    name: nameOf(draft),
    app: draft.app,
    audience,
    message,
    rate: draft.rate === '' ? undefined : { perMinute: number(draft.rate) },
    canary: canaryOf(draft),
    dryRun: draft.dryRun || undefined,
    schedule: scheduleOf(draft, faults),
  }) as Written['campaign'];
  return {
    campaign,
    schedule: againOf(draft, campaign, faults),
    faults,
    paths: isRows ? rows.paths : new Map(),
  };
}

/** As `volley send` does: a campaign without a name has its title. */
export const nameOf = ({ name, words }: Draft): string | undefined =>
  name === '' ? shortName(words.title || words.body) : name;

/** As long as the API allows; not cut within a character. */
const shortName = (text: string) =>
  text === '' ? undefined : text.slice(0, 200).replace(/[\ud800-\udbff]$/, '');

function messageOf({ words, translations, options }: Draft, json: Parse): Json {
  const localized = translations.map(({ language, words }) => [language, wordsOf(words)] as const);
  return without({
    ...wordsOf(words),
    ...optionsOf(options, json),
    localized: localized.length > 0 ? Object.fromEntries(localized) : undefined,
  });
}

const wordsOf = ({ data, ...words }: Words): Json =>
  without({ ...words, data: data.length > 0 ? dataOf(data) : undefined });

const dataOf = (entries: DataEntry[]) =>
  Object.fromEntries(entries.map(({ name, value }) => [name, value]));

/** A JSON object would keep only the last of them. */
function repeatedNames({ words, translations }: Draft): Fault[] {
  const all = translations.map(
    ({ language, words }) => [`message.localized.${language}`, words] as const,
  );
  return [['message', words] as const, ...all].flatMap(([path, { data }]) => {
    const names = data.map(({ name }) => name);
    const repeated = new Set(names.filter((it, i) => names.indexOf(it) < i));
    return [...repeated].map((it) => ({
      path: `${path}.data.${it}`,
      message: texts.compose.repeated,
    }));
  });
}

type Parse = (path: string, text: string) => unknown;

function optionsOf(
  { badge, ttlSeconds, literal, apns, fcm, ...names }: Options,
  json: Parse,
): Json {
  return {
    ...names,
    badge: badge === '' || badge.startsWith('+') ? badge : number(badge),
    ttlSeconds: ttlSeconds === '' ? undefined : number(ttlSeconds),
    literal: literal || undefined,
    apns: json('message.apns', apns),
    fcm: json('message.fcm', fcm),
  };
}

function canaryOf({ canary }: Draft): Json | undefined {
  if (!canary.on) return undefined;
  const share = number(canary.maxFailurePercent);
  return {
    percent: number(canary.percent),
    holdSeconds: number(canary.holdSeconds),
    // 2.9 / 100 is 0.028999…
    maxFailureRate: typeof share === 'number' ? Math.round(share * 1000) / 100_000 : share,
  };
}

function scheduleOf({ when }: Draft, faults: Fault[]): Json | undefined {
  if (when.kind !== 'at' && when.kind !== 'local') return undefined;
  const { schedule, fault } = askedOf(when);
  if (fault) faults.push(fault);
  return schedule;
}

function againOf({ when }: Draft, campaign: Written['campaign'], faults: Fault[]): Json | null {
  if (when.kind !== 'again') return null;
  const { isLocal = false, late = 'now' } = when;
  // the API compares the times of own clocks as if they were UTC
  const until = when.until === '' ? null : instantOf(when.until, isLocal ? 'UTC' : when.zone);
  if (until?.at === null) faults.push({ path: 'until', message: until.fault });
  return without({
    name: campaign.name,
    cron: when.cron,
    ...(isLocal ? { local: true, late } : { timeZone: when.zone }),
    until: until?.at ?? undefined,
    missed: when.missed,
    campaign,
  });
}

/** A number, or the text that is none, which the API refuses in its own words. */
const number = (text: string): number | string => {
  const it = text.trim();
  return it !== '' && Number.isFinite(Number(it)) ? Number(it) : text;
};

const without = (it: Json): Json =>
  Object.fromEntries(Object.entries(it).filter(([, value]) => value !== undefined && value !== ''));
