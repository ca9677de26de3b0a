/**
 * Follows a campaign: the event stream of the API where it may stay open, the long poll behind Firebase
 * Hosting, which ends requests after a minute. Both continue where they were after a lost connection.
 */

import type { CampaignView } from '../../http/campaigns/view.ts';
import { renewed, signInKind } from '../session/session.ts';
import { lost, open, type Problem } from './client.ts';
import { isFinal, pauseFor, visible } from './resource.ts';

interface Follower {
  onCampaign(campaign: CampaignView): void;
  /** null: connected (again) */
  onProblem(problem: Problem | null): void;
}

/** Seconds of a long poll: less than the minute of Hosting, and of most proxies. */
const WAIT_S = 25;
/** ms before the next try, at first and at most. */
const [AGAIN_MS, MOST_MS] = [500, 5_000];
/** The API's own heartbeat comes every 15 s: a stream that is silent for longer is dead. */
const SILENT_MS = 35_000;

interface Position {
  after: string | null;
}

/** Follows until the campaign is closed, or until `end`. Never rejects. */
export async function follow(id: string, follower: Follower, end: AbortSignal): Promise<void> {
  const path = `/v1/campaigns/${encodeURIComponent(id)}/events`;
  const at: Position = { after: null };
  const once = signInKind().kind === 'google' ? pollOnce : streamOnce;
  let pauseMs = AGAIN_MS;
  while (!end.aborted) {
    await visible(end);
    // a tab in the background gives its connection back: browsers open six to a server
    const shown = whileShown(end);
    const result = await once(path, at, follower, shown.signal).finally(shown.release);
    if (end.aborted || result === 'ended') return;
    if (result === 'again') {
      pauseMs = AGAIN_MS;
      continue;
    }
    if (shown.signal.aborted) continue;
    follower.onProblem(result);
    if (isFinal(result)) return;
    if (result.status === 401) {
      await renewed(end);
      continue;
    }
    await pauseFor(pauseMs, end);
    pauseMs = Math.min(pauseMs * 2, MOST_MS);
  }
}

function whileShown(end: AbortSignal) {
  const own = new AbortController();
  const look = () => document.visibilityState === 'hidden' && own.abort();
  document.addEventListener('visibilitychange', look);
  return {
    signal: AbortSignal.any([end, own.signal]),
    release: () => document.removeEventListener('visibilitychange', look),
  };
}

type Once = (
  path: string,
  at: Position,
  follower: Follower,
  end: AbortSignal,
) => Promise<'ended' | 'again' | Problem>;

interface News {
  events: { id: string; event: string; data: unknown }[];
  last: string;
  ended: boolean;
}

const pollOnce: Once = async (path, at, follower, signal) => {
  const query = new URLSearchParams({ wait: String(WAIT_S), after: at.after ?? '0' });
  const opened = await open('GET', `${path}?${query}`, { signal, timeoutMs: SILENT_MS });
  if (!opened.ok) return opened.problem;
  const news = (await opened.response.json()) as News;
  follower.onProblem(null);
  at.after = news.last;
  for (const { event, data } of news.events)
    if (event === 'campaign') follower.onCampaign(data as CampaignView);
  return news.ended ? 'ended' : 'again';
};

const streamOnce: Once = async (path, at, follower, signal) => {
  const headers = {
    Accept: 'text/event-stream',
    ...(at.after !== null && { 'Last-Event-ID': at.after }),
  };
  const opened = await open('GET', path, { signal, headers, timeoutMs: 10 * 60 * 1000 });
  if (!opened.ok) return opened.problem;
  if (opened.response.status === 204) return 'ended';
  follower.onProblem(null);
  try {
    for await (const { id, event, data } of eventsOf(opened.response, signal)) {
      at.after = id;
      if (event === 'campaign') follower.onCampaign(JSON.parse(data) as CampaignView);
    }
    return 'again';
  } catch {
    return lost();
  }
};

/**
 * The events of a stream whose lines the API writes as `id`, `event`, `data`, each on one line.
 * https://html.spec.whatwg.org/multipage/server-sent-events.html
 */
async function* eventsOf(response: Response, signal: AbortSignal) {
  const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
  let text = '';
  try {
    for (;;) {
      const next = await withSilence(reader.read(), signal);
      if (next.done) return;
      const blocks = (text + next.value).split('\n\n');
      text = blocks.pop()!;
      for (const block of blocks) {
        const fields = Object.fromEntries(
          block.split('\n').map((line) => {
            const colon = line.indexOf(': ');
            return [line.slice(0, colon), line.slice(colon + 2)];
          }),
        );
        const { id, event, data } = fields as Record<string, string | undefined>;
        if (id !== undefined && event !== undefined && data !== undefined)
          yield { id, event, data };
      }
    }
  } finally {
    await reader.cancel().catch(() => {});
  }
}

async function withSilence<T>(read: Promise<T>, signal: AbortSignal): Promise<T> {
  const late = new AbortController();
  try {
    return await Promise.race([
      read,
      pauseFor(SILENT_MS, AbortSignal.any([late.signal, signal])).then(() => {
        throw new Error('silent');
      }),
    ]);
  } finally {
    late.abort();
  }
}
