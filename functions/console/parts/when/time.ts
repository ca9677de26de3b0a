/** When a campaign begins, as its fields have it, and what the API is asked for with that. */

import { texts } from '../../texts/texts.ts';
import type { At } from './at.tsx';
import type { Local } from './local.tsx';
import { instantOf, isWall } from './zone.ts';

export type Time = ({ kind: 'at' } & At) | ({ kind: 'local' } & Local);

interface Asked {
  /** `schedule` of a campaign, with what was typed where that is no time: without one it would begin now */
  schedule: { at: string } | (Pick<Local, 'late'> & { local: string });
  /** why that is no time, and the path of its field; null: it may be one */
  fault: { path: string; message: string } | null;
}

export function askedOf(time: Time): Asked {
  if (time.kind === 'local') {
    const { wall: local, late } = time;
    const message = texts.compose.delivery.noTime;
    const fault = isWall(local) ? null : { path: 'schedule.local', message };
    return { schedule: { local, late }, fault };
  }
  const found = instantOf(time.wall, time.zone);
  if (found.at !== null) return { schedule: { at: found.at }, fault: null };
  return { schedule: { at: time.wall }, fault: { path: 'schedule.at', message: found.fault } };
}
