/** A time that each device reaches by its own clock. */

import { serverNow } from '../../../api/client.ts';
import { dayAndMinute, offsetOf } from '../../../format.ts';
import { dayOf } from '../../../parts/strip/span.ts';
import { texts } from '../../../texts/texts.ts';
import type { When } from '../draft/draft.ts';
import { isWall } from '../draft/zone.ts';
import { SelectField, TextField, useCompose } from '../parts.tsx';

const words = texts.compose.delivery;

export function LocalFields({ when }: { when: Extract<When, { kind: 'local' }> }) {
  const { change } = useCompose();
  const { wall, late } = when;
  const isKnown = isWall(wall);
  return (
    <div class="two">
      <TextField
        path="schedule.local"
        label={words.local}
        type="datetime-local"
        value={wall}
        hint={isKnown ? hereOf(wall) : undefined}
        onValue={(it) => change(() => ({ when: { ...when, wall: it } }))}
      />
      <SelectField
        path="schedule.late"
        label={words.late}
        value={late}
        options={texts.waves.lates}
        hint={isKnown ? lateness(wall) : undefined}
        onValue={(it) => change(() => ({ when: { ...when, late: it } }))}
      />
    </div>
  );
}

function hereOf(wall: string): string {
  const { from, to } = dayOf(wall);
  return words.localHint(dayAndMinute(from), dayAndMinute(to));
}

function lateness(wall: string): string {
  const now = serverNow();
  const { from, to } = dayOf(wall);
  if (now < from) return words.noneLate;
  return now < to ? words.someLate(offsetOf(Date.parse(`${wall}Z`) - now)) : words.allLate;
}
