/**
 * The switch of a whole app. Off: its campaigns are paused, and those that come are paused when
 * their turn comes (at their plan, the one place that all of them pass). On again: those that the
 * switch has paused go on, not those that were paused for other reasons. Cancel is for what is open
 * at that moment, and leaves the switch as it is.
 */

import { each } from '../../lib/concurrency.ts';
import type { Campaign } from '../../model/campaign.ts';
import { appTask, type TaskBody } from '../../model/tasks.ts';
import type { Ports } from '../../ports/ports.ts';
import { cancel, pause, resume } from './control.ts';

type Asked = Omit<Extract<TaskBody, { kind: 'app' }>, 'kind'>;

const AT_ONCE = 16;
const OFF = 'the app is switched off';

/** Gives how many campaigns it was done to. A task stands behind it, should this process die. */
export async function switchApp(
  ports: Ports,
  { app, verb, by }: Pick<Asked, 'app' | 'verb' | 'by'>,
): Promise<number> {
  const { store, queue, now } = ports;
  const asked = { app, verb, by, at: now() };
  if (verb === 'pause') await store.putAppPause(app, { at: asked.at, by });
  if (verb === 'resume') await store.putAppPause(app, null);
  await queue.create([appTask(asked)]);
  return applySwitch(ports, asked);
}

/** Does it to all that is open; once more is harmless, and what was asked since then counts. */
export async function applySwitch(ports: Ports, { app, verb, at, by }: Asked): Promise<number> {
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
    return isSwitchedOff(campaign) && (await resume(ports, id, by)).kind === 'ok';
  };
  let done = 0;
  for await (const ids of store.openCampaigns(app))
    for (const it of await each(ids, AT_ONCE, one)) if (it) done++;
  return done;
}

const isSwitchedOff = ({ state, reason }: Campaign) =>
  state === 'paused' && reason?.startsWith(OFF) === true;

/** True: the app is off, and this campaign, which was about to begin, is paused. */
export async function isHeldBack(ports: Ports, { id, app }: Campaign): Promise<boolean> {
  const off = await ports.store.getAppPause(app);
  if (!off) return false;
  await pause(ports, id, `${OFF} by ${off.by}`, off.by, ['accepted', 'scheduled']);
  return true;
}
