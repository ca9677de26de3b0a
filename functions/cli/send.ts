/** The campaign that `volley send` asks for: from a file, from options, or both. */

import { readFile } from 'node:fs/promises';

export interface SendOptions {
  name?: string;
  title?: string;
  body?: string;
  app?: string;
  platform?: string[];
  language?: string[];
  tag?: string[];
  user?: string[];
  everybody?: boolean;
  dryRun?: boolean;
}

/** The command line does not make sense; `message` says what to do. */
export class Usage extends Error {}

/** The server judges it; here is only put together what was given. Throws `Usage`. */
export async function campaignRequest(file: string | undefined, options: SendOptions) {
  const given = file === undefined ? {} : await readRequest(file);
  const audience = defined({
    platform: options.platform,
    language: options.language,
    tags: options.tag,
    userIds: options.user,
  });
  const message = defined({ title: options.title, body: options.body });
  if (file === undefined && Object.keys(message).length === 0)
    throw new Usage('give a FILE, or at least --title or --body');
  // an audience without conditions is everybody: not by forgetting an option
  if (!given.audience && !options.everybody && Object.keys(audience).length === 0)
    throw new Usage('say who gets it: --platform, --language, --tag, --user, or --everybody');
  return {
    ...given,
    ...defined({ app: options.app, dryRun: options.dryRun }),
    name: options.name ?? given.name ?? options.title ?? options.body,
    audience: options.everybody ? {} : { ...(given.audience as object), ...audience },
    message: { ...(given.message as object), ...message },
  };
}

async function readRequest(file: string): Promise<Record<string, unknown>> {
  const text = await readFile(file, 'utf8');
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null && !Array.isArray(value))
      return value as Record<string, unknown>;
  } catch {
    throw new Usage(`${file} is not JSON; it should be a campaign as POST /v1/campaigns takes it`);
  }
  throw new Usage(`${file} is not a campaign: a JSON object is needed`);
}

const defined = (it: Record<string, unknown>) =>
  Object.fromEntries(Object.entries(it).filter(([, value]) => value !== undefined));
