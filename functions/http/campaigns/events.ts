/** The call that follows a campaign: a stream of Server-Sent Events, or one answer at a time. */

import type { Context } from 'hono';
import * as z from 'zod';
import { eventSchemas } from '../../model/schemas/events.ts';
import { call } from '../core/call.ts';
import { answerProblem } from '../core/problem.ts';
import { problemResponse } from '../core/problem-response.ts';
import type { Listener, Live, News } from './live.ts';
import { campaignParams, NO_CAMPAIGN, noCampaign } from './parts.ts';
import { campaignSchema } from './view.ts';

/** Interval of heartbeats. Proxies close connections that are silent for about a minute. */
const HEARTBEAT_MS = 15_000;
/**
 * A stream holds one of an instance's requests, and Cloud Run ends a request after five minutes unless
 * configured otherwise. Clients reconnect with the last id.
 */
const MAX_STREAM_MS = 4 * 60 * 1000;
/** How long a client waits before it reconnects. */
const RETRY_MS = 1_000;
const MAX_WAIT_SECONDS = 60;

const message = z.object({
  id: z.string(),
  event: z.string(),
  data: z.union([campaignSchema, ...eventSchemas.map((it) => it.schema)]),
});

export interface EventsOptions {
  /** fires when the server stops: streams end, and their clients reconnect to another instance */
  stop: AbortSignal;
  heartbeatMs?: number;
  maxStreamMs?: number;
  /** ms, for durations */
  now?: () => number;
}

export const eventsCall = (
  live: Live,
  {
    stop,
    heartbeatMs = HEARTBEAT_MS,
    maxStreamMs = MAX_STREAM_MS,
    now = () => performance.now(),
  }: EventsOptions,
) =>
  call({
    method: 'get',
    path: '/v1/campaigns/{id}/events',
    operationId: 'followCampaign',
    summary: 'Follow a campaign',
    description:
      'Server-Sent Events: the events of the campaign under their types, and under `campaign` the ' +
      'campaign with its counts and receipts, each time they have changed. The stream ends with the campaign, or ' +
      'after some minutes. Reconnect with `Last-Event-ID`, as EventSource does by itself, and ' +
      'nothing is missed. The answer is 204 if the campaign is closed and all was sent.\n\n' +
      'With `wait` the answer is JSON: what came after `after`, immediately or within so many seconds.',
    scopes: ['read', 'campaigns'],
    takes: {
      params: campaignParams,
      headers: z.object({ 'last-event-id': z.string().max(64).optional() }),
      query: z.strictObject({
        wait: z.coerce.number().int().min(0).max(MAX_WAIT_SECONDS).optional(),
        after: z.string().max(64).optional().meta({ description: 'Instead of Last-Event-ID.' }),
      }),
    },
    responses: {
      200: {
        description: 'A stream; with `wait`, what came. `last` is the `after` of the next call.',
        content: {
          'text/event-stream': { schema: z.string() },
          'application/json': {
            schema: z.object({ events: z.array(message), last: z.string(), ended: z.boolean() }),
          },
        },
      },
      204: { description: 'The campaign is closed, and all was sent. EventSource stops then.' },
      404: NO_CAMPAIGN,
      503: problemResponse(503, 'Too many clients follow campaigns here; try again.'),
    },
    async handle({ params: { id }, query: { wait, after }, headers }, c) {
      const listener = live.listen(id);
      if (!listener)
        return answerProblem(c, 'unavailable', 'Too many clients follow campaigns here.', {
          next: 'Try again in a moment, or ask GET /v1/campaigns/{id} now and then.',
        });
      const from = after ?? headers['last-event-id'] ?? null;
      const request = linked(stop, c.req.raw.signal);
      let streaming = false;
      try {
        const first = await listener.next(from, (wait ?? 0) * 1000, request.signal);
        if (!first) return noCampaign(c, id);
        if (wait !== undefined) return answer(c, first, from);
        if (first.ended && first.messages.length === 0) return c.body(null, 204);
        streaming = true;
        return stream(c, first, { listener, from, request, heartbeatMs, maxStreamMs, now });
      } finally {
        if (!streaming) {
          listener.close();
          request.release();
        }
      }
    },
  });

const answer = (c: Context, { messages, ended }: News, from: string | null) =>
  c.json({ events: messages, last: messages.at(-1)?.id ?? from ?? '0', ended });

interface Stream {
  listener: Listener;
  from: string | null;
  request: ReturnType<typeof linked>;
  heartbeatMs: number;
  maxStreamMs: number;
  now: () => number;
}

function stream(c: Context, first: News, it: Stream) {
  const { listener, request, heartbeatMs, maxStreamMs, now } = it;
  const encoder = new TextEncoder();
  const end = now() + maxStreamMs;
  let last = it.from;
  let news: News | null = first;
  const release = () => {
    listener.close();
    request.release();
  };
  const body = new ReadableStream<Uint8Array>({
    start: (controller) => controller.enqueue(encoder.encode(`retry: ${RETRY_MS}\n\n`)),
    /** Not called while the reader is slow, so what it missed comes in one piece. */
    async pull(controller) {
      try {
        const leftMs = Math.max(0, Math.min(heartbeatMs, end - now()));
        news ??= await listener.next(last, leftMs, request.signal);
        const { messages = [], ended = true } = news ?? {};
        news = null;
        last = messages.at(-1)?.id ?? last;
        const text = messages.map(textOf).join('') || ': still here\n\n';
        controller.enqueue(encoder.encode(text));
        if (!ended && !request.signal.aborted && now() < end) return;
        release();
        controller.close();
      } catch (error) {
        release();
        controller.error(error);
      }
    },
    cancel() {
      request.abort();
      release();
    },
  });
  return c.body(body, 200, {
    'Content-Type': 'text/event-stream; charset=utf-8',
    'Cache-Control': 'no-store, no-transform',
    // https://nginx.org/en/docs/http/ngx_http_proxy_module.html#proxy_buffering
    'X-Accel-Buffering': 'no',
  });
}

/** One event. Its data is one line, since JSON has no line breaks of its own. */
const textOf = ({ id, event, data }: News['messages'][number]) =>
  `id: ${id}\nevent: ${event}\ndata: ${JSON.stringify(data)}\n\n`;

/** A signal that fires with any of these, until it is released. */
function linked(...signals: AbortSignal[]) {
  const own = new AbortController();
  const abort = () => own.abort();
  for (const it of signals) {
    it.addEventListener('abort', abort);
    if (it.aborted) abort();
  }
  return {
    signal: own.signal,
    abort,
    release() {
      for (const it of signals) it.removeEventListener('abort', abort);
    },
  };
}
