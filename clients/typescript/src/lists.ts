/** Lists that come in parts: pages, lines, and the news of a campaign. */

import type { Calls } from './api.ts';

interface Page<T> {
  items: T[];
  next: string | null;
}

/**
 * All items of a list, page by page: `each((page) => volley.listCampaigns({ ...page, app: 'shop' }))`.
 * Throws if the server gives a page again.
 */
export async function* each<T>(
  read: (page: { after?: string }) => Promise<Page<T>>,
): AsyncGenerator<T, void> {
  const seen = new Set<string>();
  for (let page: { after?: string } = {}; ; ) {
    const { items, next } = await read(page);
    yield* items;
    if (next === null) return;
    if (seen.has(next)) throw new Error('the server gives the same page again');
    seen.add(next);
    page = { after: next };
  }
}

/** The values of an answer in `application/x-ndjson`, one at a time. */
export async function* lines(response: Response): AsyncGenerator<unknown, void> {
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
  if (!reader) return;
  let rest = '';
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) break;
      const whole = (rest + value).split('\n');
      rest = whole.pop() ?? '';
      for (const line of whole) if (line !== '') yield JSON.parse(line);
    }
    if (rest !== '') yield JSON.parse(rest);
  } finally {
    await reader.cancel().catch(() => {});
  }
}

type News = NonNullable<Awaited<ReturnType<Calls['followCampaign']>>>;

/** Seconds that the API waits for news: less than the minute that most proxies give a request. */
const WAIT_SECONDS = 25;

/**
 * What happens to a campaign, until it is closed: its events, and the campaign with its counts as
 * `{ event: 'campaign', data }`. A call waits for news, so this works behind every proxy.
 */
export async function* follow(
  volley: Pick<Calls, 'followCampaign'>,
  id: string,
  { signal }: { signal?: AbortSignal } = {},
): AsyncGenerator<News['events'][number], void> {
  const options = { timeoutMs: 4 * WAIT_SECONDS * 1000, ...(signal && { signal }) };
  for (let after = '0'; ; ) {
    const news = await volley.followCampaign({ id, wait: WAIT_SECONDS, after }, options);
    if (!news) return;
    yield* news.events;
    if (news.ended) return;
    after = news.last;
  }
}
