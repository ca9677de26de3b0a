/** When it begins, how fast it goes, and how carefully. */

import { serverNow } from '../../../api/client.ts';
import { ownZone } from '../../../format.ts';
import { SelectField, TextField } from '../../../parts/typed.tsx';
import { AtFields, ZoneField } from '../../../parts/when/at.tsx';
import { LocalFields } from '../../../parts/when/local.tsx';
import { wallOf } from '../../../parts/when/zone.ts';
import { ZoneList } from '../../../parts/zone-list.tsx';
import { texts } from '../../../texts/texts.ts';
import type { Draft, When } from '../draft/draft.ts';
import { Check, Segments, useCompose } from '../parts.tsx';

const words = texts.compose.delivery;
const [HOUR_MS, DAY_MS] = [3_600_000, 86_400_000];

export function DeliveryPart() {
  const { draft, change } = useCompose();
  const { when, rate, dryRun } = draft.value;
  const set = (part: object) => change((it) => ({ when: { ...it.when, ...part } }));
  return (
    <section class="card part" aria-labelledby="part-delivery">
      <h2 id="part-delivery">{words.heading}</h2>
      <Segments
        label={words.when}
        name="when"
        value={when.kind}
        options={words.kinds}
        onValue={(kind) => change((it) => ({ when: begun(kind, it.when) }))}
      />
      {when.kind === 'at' && <AtFields {...when} onChange={set} />}
      {when.kind === 'local' && <LocalFields {...when} onChange={set} />}
      {when.kind === 'again' && <AgainFields when={when} />}
      <div class="fields">
        <TextField
          path="rate.perMinute"
          label={words.rate}
          hint={words.rateHint}
          inputMode="numeric"
          value={rate}
          onValue={(it) => change(() => ({ rate: it }))}
        />
        <CanaryFields />
        <Check
          label={words.dryRun}
          hint={words.dryRunHint}
          checked={dryRun}
          onChecked={(it) => change(() => ({ dryRun: it }))}
        />
      </div>
      <ZoneList />
    </section>
  );
}

/** What is chosen first: the zone of this computer, the next full hour but one, 9:00 on the day after tomorrow. */
function begun(kind: When['kind'], before: When): When {
  if (kind === 'now') return { kind };
  // no clock shows it yet, wherever it is
  if (kind === 'local')
    return {
      kind,
      wall: `${wallOf(serverNow() + 2 * DAY_MS, ownZone).slice(0, 10)}T09:00`,
      late: 'now',
    };
  const zone = 'zone' in before ? before.zone : ownZone;
  if (kind === 'again') return { kind, cron: '0 9 * * *', zone, until: '', missed: 'once' };
  const at = Math.ceil(serverNow() / HOUR_MS + 1) * HOUR_MS;
  return { kind, wall: wallOf(at, zone), zone };
}

function AgainFields({ when }: { when: Extract<When, { kind: 'again' }> }) {
  const { change } = useCompose();
  const set = (part: Partial<typeof when>) => change(() => ({ when: { ...when, ...part } }));
  const preset = Object.keys(words.presets).includes(when.cron) ? when.cron : '';
  return (
    <div class="two">
      <SelectField
        path="cron.preset"
        label={words.often}
        value={preset as ''}
        options={words.presets as Record<'', string>}
        onValue={(cron) => cron !== '' && set({ cron })}
      />
      <TextField
        path="cron"
        label={words.cron}
        hint={words.cronHint}
        isCode
        value={when.cron}
        onValue={(cron) => set({ cron })}
      />
      {!when.isLocal && (
        <ZoneField path="timeZone" zone={when.zone} onZone={(zone) => set({ zone })} />
      )}
      <TextField
        path="until"
        label={words.until}
        type="datetime-local"
        value={when.until}
        onValue={(until) => set({ until })}
      />
      <SelectField
        path="missed"
        label={words.missed}
        value={when.missed}
        options={words.missedKinds}
        onValue={(missed) => set({ missed })}
      />
      {when.isLocal && (
        <SelectField
          path="late"
          label={words.lateRun}
          value={when.late ?? 'now'}
          options={texts.waves.lates}
          onValue={(late) => set({ late })}
        />
      )}
      <Check
        label={words.ownClocks}
        hint={words.ownClocksHint}
        checked={when.isLocal ?? false}
        onChecked={(isLocal) => set({ isLocal })}
      />
    </div>
  );
}

function CanaryFields() {
  const { draft, change } = useCompose();
  const { canary } = draft.value;
  const set = (part: Partial<Draft['canary']>) =>
    change((it) => ({ canary: { ...it.canary, ...part } }));
  return (
    <div class="canary">
      <Check
        label={words.canary}
        hint={words.canaryHint}
        checked={canary.on}
        onChecked={(on) => set({ on })}
      />
      {canary.on && (
        <div class="three">
          <TextField
            path="canary.percent"
            label={words.percent}
            inputMode="decimal"
            value={canary.percent}
            onValue={(percent) => set({ percent })}
          />
          <TextField
            path="canary.holdSeconds"
            label={words.hold}
            inputMode="numeric"
            value={canary.holdSeconds}
            onValue={(holdSeconds) => set({ holdSeconds })}
          />
          <TextField
            path="canary.maxFailureRate"
            label={words.failures}
            inputMode="decimal"
            value={canary.maxFailurePercent}
            onValue={(maxFailurePercent) => set({ maxFailurePercent })}
          />
        </div>
      )}
    </div>
  );
}
