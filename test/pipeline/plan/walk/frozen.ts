/** What a walk's campaigns have frozen, with what held for each device at that moment, and a model of caps. */

import type { OffsetAt } from '../../../../functions/lib/wall-clock.ts';
import { type AppPolicy, type Cap, windowOf } from '../../../../functions/model/app-policy.ts';
import type { FrozenPage } from '../../../../functions/ports/ports.ts';
import type { Devices } from './devices.ts';

export interface Frozen {
  device: string;
  /** at that moment */
  zone: string | undefined;
  movedAt: number;
  policy: AppPolicy;
  offset: OffsetAt;
  late: boolean;
  heldUntil: number | undefined;
  /** over a cap, as the model says */
  capped: boolean;
}

/** What holds now, for all campaigns. */
export interface Rules {
  policy: AppPolicy;
  offset: OffsetAt;
}

export const isExempt = ({ exempt }: AppPolicy, category: string | undefined) =>
  category !== undefined && exempt.includes(category);

export function createFrozen(devices: Devices, rules: Rules) {
  const all: (Frozen & { campaign: string })[] = [];
  const problems: string[] = [];
  /** times at which a push to a device was reserved, in seconds */
  const reserved = new Map<string, number[]>();

  function isOver(device: string, caps: Cap[], now: number): boolean {
    const times = reserved.get(device) ?? [];
    const over = caps.some((cap) => {
      const counted = times.filter((it) => it > (now - windowOf(cap)) / 1000);
      return counted.length >= cap.max;
    });
    if (!over) reserved.set(device, [...times, Math.ceil(now / 1000)]);
    return over;
  }

  return {
    all,
    problems,
    /** Notes a page that was frozen just now, of a campaign with that category. */
    note({ campaignId, chunks, now }: FrozenPage, category: string | undefined) {
      const { policy, offset } = rules;
      const caps = isExempt(policy, category) ? [] : policy.caps;
      for (const { recipients, isLate: late = false, heldUntil } of chunks)
        for (const { installationId: device } of recipients) {
          const { zone, movedAt, deleted, optedOutOf } = devices.get(device);
          if (deleted) problems.push(`${campaignId}: ${device} is deleted`);
          if (category !== undefined && optedOutOf.includes(category))
            problems.push(`${campaignId}: ${device} has opted out of ${category}`);
          const capped = caps.length > 0 && !late && isOver(device, caps, now);
          const held = { policy, offset, late, heldUntil, capped };
          all.push({ campaign: campaignId, device, zone, movedAt, ...held });
        }
    },
  };
}
