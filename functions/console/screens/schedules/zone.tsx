import { signal } from '@preact/signals';
import { useMemo } from 'preact/hooks';
import { ownZone } from '../../format.ts';
import { Field } from '../../parts/field.tsx';
import { texts } from '../../texts/texts.ts';
import { type Zone, zoneOf, zones } from './calendar.ts';

/** The zone that all times of these screens are shown in; it lasts as long as the page. */
const chosen = signal(ownZone);

export function useZone(): Zone {
  const name = chosen.value;
  return useMemo(() => zoneOf(name), [name]);
}

/** `used`: the zones of the schedules, which come first. */
export function ZoneSelect({ zone, used }: { zone: Zone; used: (string | undefined)[] }) {
  const from = zones(used);
  return (
    <Field label={texts.schedules.zone} hideLabel>
      {(ids) => (
        <select
          {...ids}
          value={zone.name}
          onChange={(event) => {
            chosen.value = event.currentTarget.value;
          }}
        >
          <optgroup label={texts.schedules.zonesUsed}>
            {from.used.map((it) => (
              <option key={it}>{it}</option>
            ))}
          </optgroup>
          <optgroup label={texts.schedules.zonesAll}>
            {from.all
              .filter((it) => !from.used.includes(it))
              .map((it) => (
                <option key={it}>{it}</option>
              ))}
          </optgroup>
        </select>
      )}
    </Field>
  );
}
