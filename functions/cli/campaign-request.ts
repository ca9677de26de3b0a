/** Builds the request of a campaign from a file, from options, or from both. */

import type { Command } from 'commander';
import type { Calls } from './client/calls.ts';
import { Unreachable } from './client/errors.ts';
import { neverSent } from './explain.ts';
import { scheduleOf, type TimeOptions } from './times.ts';
import { collect, readJsonFile, Usage } from './usage.ts';

/** What a file should be that is none. */
export const A_CAMPAIGN = 'a campaign as POST /v1/campaigns takes it';

export interface SendOptions extends TimeOptions {
  name?: string;
  title?: string;
  subtitle?: string;
  body?: string;
  link?: string;
  category?: string;
  app?: string;
  platform?: string[];
  language?: string[];
  tag?: string[];
  user?: string[];
  installation?: string[];
  token?: string[];
  segment?: string;
  upload?: string;
  everybody?: boolean;
  dryRun?: boolean;
}

/** Adds the options for the texts of a message. */
export const messageOptions = (command: Command) =>
  command
    .option('--title <text>')
    .option('--subtitle <text>', 'shown by iPhones')
    .option('--body <text>')
    .option('--link <url>', 'what a tap opens, such as https://… or an address of the app')
    .option('--category <word>', 'such as marketing; not sent to devices that opted out of it');

/** Adds the options that name an audience. */
export const audienceOptions = (command: Command) =>
  command
    .option('--app <app>', 'which app (default: default)')
    .option('--platform <platform>', 'ios, android, web; may be repeated', collect)
    .option('--language <language>', 'such as de or pt-BR; may be repeated', collect)
    .option('--tag <tag>', 'any of these; may be repeated', collect)
    .option('--user <id>', 'may be repeated', collect)
    .option('--installation <id>', 'may be repeated', collect)
    .option('--token <token>', 'may be repeated', collect)
    .option('--segment <name>', 'a saved segment')
    .option('--upload <id>', 'an uploaded audience')
    .option('--everybody', 'all installations of the app');

/** Sends a request with an idempotency key. If the answer is lost, says how to try again with it. */
export const sendOnce = <T>(
  api: Pick<Calls<T>, 'post'>,
  { path, body, key, say }: { path: string; body: unknown; key: string; say(text: string): void },
): Promise<T> =>
  api.post(path, body, { 'Idempotency-Key': key }).catch((error) => {
    if (error instanceof Unreachable && !neverSent(error))
      say(`To try again and send once: --idempotency-key ${key}\n`);
    throw error;
  });

/** The request, which the server validates. Throws `Usage` if the message or audience is missing. */
export async function campaignRequest(
  file: string | undefined,
  options: SendOptions,
  needs: { message: 'needed' | 'optional' } = { message: 'needed' },
): Promise<Record<string, unknown>> {
  const schedule = scheduleOf(options);
  const given = file === undefined ? {} : await readRequest(file);
  const audience = defined({
    platform: options.platform,
    language: options.language,
    tags: options.tag,
    userIds: options.user,
    installationIds: options.installation,
    tokens: options.token,
    segment: options.segment,
    upload: options.upload,
  });
  const message = defined({
    title: options.title,
    subtitle: options.subtitle,
    body: options.body,
    link: options.link,
    category: options.category,
  });
  const hasMessage = given.message !== undefined || Object.keys(message).length > 0;
  if (file === undefined && !hasMessage && needs.message === 'needed')
    throw new Usage('give a FILE, or at least --title or --body');
  // a file without an audience may have a typo: the API names all its faults
  if (file === undefined && !options.everybody && Object.keys(audience).length === 0)
    throw new Usage(
      'say who gets it: --everybody, or --user, --segment, --tag, --language, … (see --help)',
    );
  return {
    ...given,
    ...defined({ app: options.app, dryRun: options.dryRun }),
    ...(schedule && { schedule }),
    name: options.name ?? given.name ?? options.title ?? options.body,
    // with conditions beside it, the API refuses it: it must not win over them
    audience: options.everybody
      ? { everybody: true, ...audience }
      : narrowed(given.audience, audience),
    ...((hasMessage || needs.message === 'needed') && {
      message: { ...(given.message as object), ...message },
    }),
  };
}

/** The audience of a file, with conditions replaced by options. Conditions end `everybody`. */
function narrowed(given: unknown, options: Record<string, unknown>) {
  if (Object.keys(options).length === 0) return given;
  const { everybody: _, ...conditions } = (given ?? {}) as Record<string, unknown>;
  return { ...conditions, ...options };
}

async function readRequest(file: string): Promise<Record<string, unknown>> {
  const value = await readJsonFile(file, A_CAMPAIGN);
  if (typeof value === 'object' && value !== null && !Array.isArray(value))
    return value as Record<string, unknown>;
  throw new Usage(`${file} is not a campaign: a JSON object is needed`);
}

const defined = (it: Record<string, unknown>) =>
  Object.fromEntries(Object.entries(it).filter(([, value]) => value !== undefined));
