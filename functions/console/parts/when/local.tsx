/** A time that each device reaches by its own clock. */

import type { Late } from '../../../model/waves.ts';
import { serverNow } from '../../api/client.ts';
import { dayAndMinute, offsetOf } from '../../format.ts';
import { texts } from '../../texts/texts.ts';
import { dayOf } from '../strip/span.ts';
import { SelectField, TextField } from '../typed.tsx';
import { isWall } from './zone.ts';

const words = texts.compose.delivery;

/** `wall`: what the clock of each device shows; `late`: what becomes of devices at which it has passed */
export interface Local {
  wall: string;
  late: Late;
}

interface Props extends Local {
  onChange: (part: Partial<Local>) => void;
}

export function LocalFields({ wall, late, onChange }: Props) {
  const isKnown = isWall(wall);
  return (
    <div class="two">
      <TextField
        path="schedule.local"
        label={words.local}
        type="datetime-local"
        value={wall}
        hint={isKnown ? hereOf(wall) : undefined}
        onValue={(it) => onChange({ wall: it })}
      />
      <SelectField
        path="schedule.late"
        label={words.late}
        value={late}
        options={texts.waves.lates}
        hint={isKnown ? lateness(wall) : undefined}
        onValue={(it) => onChange({ late: it })}
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
