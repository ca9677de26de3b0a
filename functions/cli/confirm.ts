/** Asks for a confirmation before `volley send` sends to many, and shows the estimate. */

import { MANY } from '../model/audience/many.ts';
import { estimate, totalUsd } from '../model/cost/estimate.ts';
import * as answers from './answers.ts';
import type { Ask } from './ask.ts';
import type { Client } from './client/client.ts';
import { estimateText, wavesOf } from './commands/estimate.ts';
import { count } from './format.ts';
import { Usage } from './usage.ts';

/** The share of recipients that the estimate of costs expects to fail. */
const FAILING = 0.02;

interface Request {
  dryRun?: unknown;
  schedule?: unknown;
  audience?: Record<string, unknown>;
}

interface Asking {
  ask: Ask | undefined;
  say(text: string): void;
  /** true if the campaign may have been sent before, and its time has passed meanwhile */
  isAgain: boolean;
  /** ms since the epoch */
  now?: () => number;
}

/**
 * True if the campaign may be sent. Throws `Usage` if there is no terminal to ask at, or if it would be
 * refused since its time has passed. Never asks about a dry run, or about a campaign that names its
 * recipients.
 */
export async function confirmed(
  api: Client,
  { name: _, ...request }: Request & Record<string, unknown>,
  { ask, say, isAgain, now = Date.now }: Asking,
): Promise<boolean> {
  const { topic, condition, userIds, installationIds, tokens } = request.audience ?? {};
  if (request.dryRun === true || userIds || installationIds || tokens) return true;
  const refusePast = () => {
    if (!isAgain && isPast(request.schedule, now()))
      throw new Usage('it cannot begin in the past. Give a later --at');
  };
  if (topic !== undefined || condition !== undefined) {
    refusePast();
    if (!ask) throw new Usage('only FCM knows how many recipients this has. To send it, add --yes');
    return (
      (await ask('Only FCM knows how many recipients this has. Type yes to send it: ')) === 'yes'
    );
  }
  const found = await api.expecting(answers.estimate).post('/v1/audiences:estimate', request);
  const { installations } = found;
  if (installations === 0) say('volley: no installation matches this audience\n');
  if (installations < MANY) return true;
  refusePast();
  if (!ask)
    throw new Usage(`this goes to ${count(installations)} installations. To send it, add --yes`);
  const waves = wavesOf(found);
  const lines = estimate({
    recipients: installations,
    read: installations,
    failing: FAILING,
    waves,
  });
  say(estimateText(found, totalUsd(lines)));
  const typed = await ask(`Type ${count(installations)} to send it: `);
  return typed.replaceAll(/[\s.,'_]/g, '') === String(installations);
}

function isPast(schedule: unknown, now: number): boolean {
  const { at } = (schedule ?? {}) as { at?: unknown };
  return typeof at === 'string' && Date.parse(at) <= now;
}
