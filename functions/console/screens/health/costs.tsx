import type { CostsView } from '../../../http/costs.ts';
import { pathWith, serverNow } from '../../api/client.ts';
import { useResource } from '../../api/resource.ts';
import { count, money } from '../../format.ts';
import { Loaded } from '../../parts/loaded.tsx';
import { Section } from '../../parts/section.tsx';
import { ifMay, MAY_LOOK, whyNot } from '../../session/session.ts';
import { texts } from '../../texts/texts.ts';

export function Costs() {
  const { health } = texts;
  return (
    <Section title={health.costs} text={health.costsMore}>
      <div class="halves">
        <Month title={health.thisMonth} back={0} />
        <Month title={health.lastMonth} back={1} />
      </div>
    </Section>
  );
}

/** The month so many months ago, by the clocks of the browser's time zone. */
function Month({ title, back }: { title: string; back: number }) {
  const { health } = texts;
  const now = new Date(serverNow());
  const begin = (months: number) =>
    new Date(now.getFullYear(), now.getMonth() - months, 1).toISOString();
  const path = pathWith('/v1/costs', { from: begin(back), to: begin(back - 1) });
  const { value, problem } = useResource<CostsView>(ifMay(path, ...MAY_LOOK));
  return (
    <div class="card figure">
      <h3>{title}</h3>
      <Loaded value={value.value} problem={problem.value} whyNot={whyNot(...MAY_LOOK)}>
        {(it) => (
          <>
            <p class="big">
              {it.costUsd >= 0.0001 && <small class="muted">{health.about} </small>}
              {money(it.costUsd)}
            </p>
            <p class="muted">{health.costOf(it.campaigns, it.recipients)}</p>
            {!it.complete && <p class="muted">{health.newest(count(it.campaigns))}</p>}
          </>
        )}
      </Loaded>
    </div>
  );
}
