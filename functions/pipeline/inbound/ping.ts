/**
 * ping: makes a campaign of an inbound webhook, which was verified before it was queued.
 *
 * The campaign's Idempotency-Key is made of the trigger and the webhook's id. So a webhook that comes
 * twice, or a task that is delivered twice, pushes once. A webhook that can never become a campaign is
 * kept, so that operators can look at it and replay it.
 */

import { hash } from 'node:crypto';
import type { Fault } from '../../lib/errors.ts';
import { parseExact } from '../../lib/exact-json.ts';
import { validate } from '../../lib/faults.ts';
import { isDeeperThan } from '../../lib/json-levels.ts';
import { HALF } from '../../lib/json-texts.ts';
import { said } from '../../model/audience/everybody.ts';
import type { CampaignRequest } from '../../model/campaign.ts';
import { asLists, asLiteral, fill, lookUp } from '../../model/ping-template.ts';
import { providers } from '../../model/provider/registry.ts';
import type { Json, Ping, Trigger } from '../../model/trigger.ts';
import type { Ports } from '../../ports/ports.ts';
import { accept, enter } from '../accept/accept.ts';
import { singlePush } from '../single-push.ts';

/** Levels of an inbound JSON value: code that walks it later may recurse. */
const MAX_DEPTH = 32;

/** Throws only what may succeed the next time: when the store or the queue fails. */
export async function ping(ports: Ports, it: Ping): Promise<void> {
  const { store, log } = ports;
  const trigger = await store.getTrigger(it.trigger);
  // the trigger was deleted meanwhile
  if (!trigger) return;
  const made = await campaignOf(trigger, it);
  const faults =
    'faults' in made
      ? made.faults
      : await start(ports, made.request, made.key, `trigger ${it.trigger}`);
  if (faults.length === 0) return;
  const key = hash('sha256', `${it.trigger}\n${it.id}\n${it.body}\n${it.at}`).slice(0, 24);
  await store.putFailedPing({
    trigger: it.trigger,
    body: it.body,
    id: it.id,
    at: it.at,
    key,
    faults,
  });
  log.pingFailed({ trigger: it.trigger, faults: faults.length });
}

/**
 * Starts the campaign; returns the faults for which it was refused. On Google Cloud only the functions
 * that send know what a provider would refuse; elsewhere the campaign's report shows it.
 */
async function start(
  ports: Ports,
  request: CampaignRequest,
  key: string,
  by: string,
): Promise<Fault[]> {
  const { senders } = ports;
  const knows = providers.some((it) => senders.get(request.app, it, 'production'));
  const { installationIds, userIds, tokens } = request.audience;
  const started =
    knows && (installationIds || userIds || tokens)
      ? (await singlePush(ports, request, key, by)).accepted
      : await (knows ? accept : enter)(ports, request, key, by);
  // a conflict is the same id with another body or template: the first campaign stands
  return started.kind === 'refused' ? started.faults : [];
}

async function campaignOf(
  trigger: Trigger,
  it: Pick<Ping, 'id' | 'body'>,
): Promise<{ request: CampaignRequest; key: string } | { faults: Fault[] }> {
  const body = Buffer.from(it.body, 'base64');
  const json = readPing(body);
  if ('fault' in json) return { faults: [{ path: '', message: json.fault }] };
  const { name, app, idPath } = trigger;
  const named = idPath === null ? it.id : lookUp(json.value, idPath);
  if (idPath !== null && typeof named !== 'string' && typeof named !== 'number')
    return { faults: [{ path: 'idPath', message: `the ping has no id at ${idPath}` }] };
  if (typeof named === 'string' && !named.isWellFormed())
    return { faults: [{ path: 'idPath', message: `the ping's id ${HALF}` }] };
  const id = hash('sha256', named === null ? body : `${typeof named} ${named}`);
  // a trigger may have been stored before `everybody` had to be explicit
  const audience = fill(said(trigger.audience), 'audience', json.value);
  const filled = fill(trigger.message, 'message', json.value);
  const faults = [...audience.faults, ...filled.faults];
  if (faults.length > 0) return { faults };
  // imported here: few tasks of a planner are inbound webhooks, and the schemas load slowly
  const { campaignRequestSchema } = await import('../../model/schemas/campaign.ts');
  const parsed = validate(campaignRequestSchema, {
    name: `ping of ${name}`,
    app,
    audience: asLists(audience.value),
    message: asLiteral(filled.value),
  });
  return 'faults' in parsed
    ? { faults: parsed.faults }
    : { request: { ...parsed.value, kind: 'trigger' }, key: `ping ${name} ${id}` };
}

/** Reads JSON in UTF-8, at most `MAX_DEPTH` levels deep; or says what is wrong with it. Never throws. */
export function readPing(bytes: Uint8Array): { value: Json } | { fault: string } {
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    const value = parseExact(text) as Json;
    return isDeeperThan(value, MAX_DEPTH) ? { fault: TOO_DEEP } : { value };
  } catch (error) {
    if (error instanceof RangeError) return { fault: TOO_DEEP };
    return { fault: error instanceof SyntaxError ? 'is not valid JSON' : 'is not UTF-8' };
  }
}

const TOO_DEEP = `is nested more than ${MAX_DEPTH} deep`;
