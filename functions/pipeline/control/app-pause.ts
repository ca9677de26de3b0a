/**
 * The app pause: pauses, resumes or cancels all campaigns of an app. While an app is paused, its open
 * campaigns are paused, and new ones are paused by their plan, which each campaign passes. Resuming the
 * app resumes the campaigns that the app pause has paused, and no others. A cancel applies to the
 * campaigns that are open at that moment, and leaves the app pause as it is.
 */

import { each } from '../../lib/concurrency.ts';
import type { Campaign } from '../../model/campaign.ts';
import { appTask, type TaskBody } from '../../model/tasks.ts';
import type { Ports } from '../../ports/ports.ts';
import { cancel, pause, resume } from './control.ts';

type Asked = Omit<Extract<TaskBody, { kind: 'app' }>, 'kind'>;

/** Campaigns changed at the same time. */
const CONCURRENCY = 16;
/** How the reason of an app pause begins. Stored: a resume finds the campaigns by it. */
const OFF = 'the app is switched off';

/**
 * Returns how many campaigns were changed. A task is queued first, which finishes the work if this
 * process dies. Throws when the store or the queue fails. `by`: the name of the API key or the user.
 */
export async function controlApp(
  ports: Ports,
  { app, verb, by }: Pick<Asked, 'app' | 'verb' | 'by'>,
): Promise<number> {
  const { store, queue, now } = ports;
  const asked = { app, verb, by, at: now() };
  if (verb === 'pause') await store.putAppPause(app, { at: asked.at, by });
  if (verb === 'resume') await store.putAppPause(app, null);
  await queue.create([appTask(asked)]);
  return applyToApp(ports, asked);
}

/**
 * Applies what was asked at `at` (ms since the epoch) to all open campaigns, and returns how many were
 * changed. Repeating it is harmless. It does nothing if the app was paused or resumed again since then.
 */
export async function applyToApp(ports: Ports, { app, verb, at, by }: Asked): Promise<number> {
  const { store } = ports;
  const found = await store.getAppPause(app);
  if (verb === 'pause' && found?.at !== at) return 0;
  if (verb === 'resume' && found) return 0;
  const one = async (id: string): Promise<boolean> => {
    if (verb === 'pause') return (await pause(ports, id, `${OFF} by ${by}`, by)) !== null;
    const campaign = await store.getCampaign(id);
    if (!campaign) return false;
    if (verb === 'cancel')
      return campaign.createdAt <= at && (await cancel(ports, id, by)).kind === 'ok';
    return isPausedWithApp(campaign) && (await resume(ports, id, by)).kind === 'ok';
  };
  let done = 0;
  for await (const ids of store.openCampaigns(app))
    for (const it of await each(ids, CONCURRENCY, one)) if (it) done++;
  return done;
}

const isPausedWithApp = ({ state, reason }: Campaign) =>
  state === 'paused' && reason?.startsWith(OFF) === true;

/** True if the app is paused; this campaign, which was about to begin, is then paused too. */
export async function isHeldBack(ports: Ports, { id, app }: Campaign): Promise<boolean> {
  const off = await ports.store.getAppPause(app);
  if (!off) return false;
  await pause(ports, id, `${OFF} by ${off.by}`, off.by, ['accepted', 'scheduled']);
  return true;
}
