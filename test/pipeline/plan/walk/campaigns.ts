/** The campaigns and policies of a walk, by chance, and what operators do to them. */

import { type AppPolicy, type Cap, defaultPolicy } from '../../../../functions/model/app-policy.ts';
import type { CampaignRequest } from '../../../../functions/model/campaign.ts';
import { lates } from '../../../../functions/model/waves.ts';
import { timeOf } from '../../../../functions/pipeline/accept/time.ts';
import {
  cancel,
  pause,
  reschedule,
  resume,
} from '../../../../functions/pipeline/control/control.ts';
import type { chance } from '../../../contracts/store-fixture.ts';
import { MINUTE, type World } from '../../world.ts';
import { HOUR, textOf } from './clocks.ts';
import type { Devices } from './devices.ts';
import { type Deadly, survive } from './faults.ts';

const TIMES = ['00:00', '02:30', '07:00', '08:00', '09:15', '12:00', '20:00', '22:00', '23:59'];
/** Of the same longest time: what it is decides how far back new caps know of campaigns. */
const CAPS: Cap[][] = [
  [{ max: 1, per: '30h' }],
  [{ max: 2, per: '30h' }],
  [
    { max: 1, per: '1h' },
    { max: 2, per: '30h' },
  ],
];

type Chance = ReturnType<typeof chance>;
type Request = Partial<CampaignRequest> & Pick<CampaignRequest, 'message'>;

export interface Started {
  id: string;
  request: Request;
  /** what has passed then is late, in ms since the epoch */
  since: number;
  isCancelled: boolean;
  /** the devices that are named; null: all */
  list: Set<string> | null;
}

export function anyPolicy({ below, pick }: Chance): AppPolicy {
  const from = pick(TIMES);
  const quiet = { from, to: pick(TIMES.filter((it) => it !== from)) };
  return {
    ...defaultPolicy,
    quiet: below(3) === 0 ? null : quiet,
    defaultZone: pick(['Etc/UTC', 'Europe/Berlin', 'America/New_York']),
    caps: below(2) === 0 ? [] : pick(CAPS),
    exempt: below(2) === 0 ? ['security'] : [],
  };
}

/** Undefined: immediately. It has not passed everywhere. */
function anySchedule({ below, pick }: Chance, now: number): CampaignRequest['schedule'] {
  const kind = below(4);
  if (kind === 0) return undefined;
  if (kind === 1) return { at: now + (1 + below(30 * 60)) * MINUTE };
  const day = textOf(now + (below(60) - 11) * HOUR).slice(0, 11);
  const local = `${day}${pick(TIMES)}`;
  const isOver = Date.parse(`${local}Z`) + 12 * HOUR <= now;
  return isOver ? undefined : { local, late: pick(lates) };
}

function anyRequest(chance: Chance, now: number, list: Set<string> | null): Request {
  const { below, pick } = chance;
  const category = pick(['news', 'security', undefined]);
  const schedule = anySchedule(chance, now);
  const message = { title: 'Hallo', ttlSeconds: 28 * 24 * 3600, priority: 'high' as const };
  return {
    message: { ...message, ...(category && { category }) },
    ...(list && { audience: { installationIds: [...list] } }),
    ...(schedule && { schedule }),
    ...(below(5) === 0 && { rate: { perMinute: 1 + below(20) } }),
    ...(below(5) === 0 && { canary: { percent: 20, holdSeconds: 60, maxFailureRate: 0.1 } }),
  };
}

export function createCampaigns(world: World, chance: Chance, deadly: Deadly, devices: Devices) {
  const { ports } = world;
  const { below } = chance;
  const all: Started[] = [];
  /** Requests are answered, or are none. */
  const inPeace = async <T>(run: () => Promise<T>): Promise<T> => {
    const { isDeadly } = deadly;
    deadly.isDeadly = false;
    return run().finally(() => {
      deadly.isDeadly = isDeadly;
    });
  };

  return {
    all,
    async start() {
      const named = devices.all.filter(() => below(2) === 0).map((it) => it.id);
      const list = below(4) === 0 && named.length > 0 ? new Set(named) : null;
      const request = anyRequest(chance, ports.now(), list);
      const id = await inPeace(() => world.campaign(request));
      all.push({ id, request, since: ports.now(), isCancelled: false, list });
    },
    async pauseOrResume({ id }: Started) {
      if (below(10) === 0) await survive(() => pause(ports, id, 'a look'));
      else if (below(3) === 0) await survive(() => resume(ports, id));
    },
    async cancel(it: Started) {
      it.isCancelled = true;
      await survive(() => cancel(ports, it.id));
    },
    async moveTo(it: Started) {
      const schedule = anySchedule(chance, ports.now());
      if (!schedule || !it.request.schedule) return;
      const since = ports.now();
      const moved = await inPeace(() => reschedule(ports, it.id, timeOf(schedule, since), 'me'));
      if (moved.kind === 'ok') Object.assign(it, { request: { ...it.request, schedule }, since });
    },
  };
}
