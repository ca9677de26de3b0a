/**
 * What holds for the messages of an app: its pause, and the webhooks that listen. One query finds both,
 * since the pause of an app leaves a mark beside the webhooks.
 */

import type { Transaction } from '@google-cloud/firestore';
import { setNewest } from '../../lib/bounded-map.ts';
import type { Webhook } from '../../model/webhook.ts';
import type { AppStanding, Store } from '../../ports/ports.ts';
import { webhookKey } from '../webhook-keys.ts';
import type { Client } from './client.ts';
import { appName, digest, END, type PauseMarkFields, type Schema } from './schema.ts';

/**
 * How long it is known, in ms, that an app without a mark is not paused. A version before the marks may
 * have paused it: before an update, or while instances of both versions run.
 */
const KNOWN_MS = 60 * 60 * 1000;
/** Apps of which that is known. */
const MAX_KNOWN = 1_000;

const pauseKey = (app: string) => `pause ${app}`;

/** Sets or removes the mark, in the transaction that pauses or resumes the app. */
export function markPause({ webhooks }: Schema, writes: Transaction, app: string, paused: boolean) {
  // no webhook has such an id
  const mark = webhooks.doc(`pause${END}${digest(appName(app))}`);
  if (paused) writes.set(mark, { key: pauseKey(app) } satisfies PauseMarkFields);
  else writes.delete(mark);
}

export function firestoreStanding(client: Client, schema: Schema) {
  const { webhooks } = schema;
  /** by app: when it was looked whether it is paused without a mark */
  const known = new Map<string, number>();

  async function isPausedWithoutMark(app: string): Promise<boolean> {
    if ((known.get(app) ?? 0) > client.now() - KNOWN_MS) return false;
    const [found] = await client.get([schema.appPause(app)]);
    if (found?.exists) return true;
    setNewest(known, app, client.now(), MAX_KNOWN);
    return false;
  }

  return {
    async appStanding(app): Promise<AppStanding> {
      const ofApp = webhookKey({ app, campaignId: null });
      const query = webhooks.where('key', 'in', ['all', ofApp, pauseKey(app)]);
      const [{ docs }, unmarked] = await Promise.all([
        client.read(() => query.get()),
        isPausedWithoutMark(app),
      ]);
      const hooks = docs.filter((it) => it.get('record') !== undefined && !it.get('disabled'));
      return {
        paused: unmarked || docs.some((it) => it.get('key') === pauseKey(app)),
        wanted: new Set(hooks.flatMap((it) => (JSON.parse(it.get('record')) as Webhook).types)),
      };
    },
  } satisfies Partial<Store>;
}
