/** A point in time, by the clocks of a zone. */

import { dateTime, ownZone } from '../../format.ts';
import { texts } from '../../texts/texts.ts';
import { TextField } from '../typed.tsx';
import { instantOf } from './zone.ts';

const words = texts.compose.delivery;

/** `wall`: as the field of a browser has it, `2030-12-24T18:00` */
export interface At {
  wall: string;
  zone: string;
}

interface Props extends At {
  onChange: (part: Partial<At>) => void;
}

export function AtFields({ wall, zone, onChange }: Props) {
  const found = instantOf(wall, zone);
  const isElsewhere = found.at !== null && zone !== ownZone;
  return (
    <div class="two">
      <TextField
        path="schedule.at"
        label={words.at}
        type="datetime-local"
        value={wall}
        hint={isElsewhere ? words.here(dateTime(Date.parse(found.at!))) : undefined}
        onValue={(it) => onChange({ wall: it })}
      />
      <ZoneField path="schedule.zone" zone={zone} onZone={(it) => onChange({ zone: it })} />
    </div>
  );
}

/** Its list is a `ZoneList` on the page. */
export const ZoneField = ({
  path,
  zone,
  onZone,
}: {
  path: string;
  zone: string;
  onZone: (zone: string) => void;
}) => <TextField path={path} label={words.zone} list="zones" value={zone} onValue={onZone} />;
