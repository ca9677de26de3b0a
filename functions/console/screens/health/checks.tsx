import { useState } from 'preact/hooks';
import type { DoctorView } from '../../../http/doctor.ts';
import { useResource } from '../../api/resource.ts';
import { Button } from '../../parts/button.tsx';
import { announce } from '../../parts/live-region.tsx';
import { Loaded } from '../../parts/loaded.tsx';
import { Mark } from '../../parts/mark.tsx';
import { Section } from '../../parts/section.tsx';
import { ifMay, whyNot } from '../../session/session.ts';
import { texts } from '../../texts/texts.ts';

type Finding = DoctorView['findings'][number];

const tones = { well: 'good', fault: 'bad', unknown: 'warn' } as const;
/** What needs a person comes first. */
const order = ['fault', 'unknown', 'well'] as const;

export function Checks() {
  const { health } = texts;
  const why = whyNot('campaigns');
  const { value, problem, reload } = useResource<DoctorView>(ifMay('/v1/doctor', 'campaigns'));
  const [isChecking, setChecking] = useState(false);
  const again = async () => {
    setChecking(true);
    await reload();
    setChecking(false);
    if (value.value) announce(sumOf(value.value));
  };
  const button = (
    <Button whyNot={why} busy={isChecking} onClick={() => void again()}>
      {isChecking ? health.checking : health.again}
    </Button>
  );
  return (
    <Section title={health.checks} text={health.checksMore} action={button}>
      <Loaded value={value.value} problem={problem.value} whyNot={why}>
        {(found) => (
          <>
            <p class="sum">{sumOf(found)}</p>
            <ul class="rows findings">
              {order
                .flatMap((state) => found.findings.filter((it) => it.state === state))
                .map((it) => (
                  <li key={it.check}>
                    <FindingRow it={it} />
                  </li>
                ))}
            </ul>
          </>
        )}
      </Loaded>
    </Section>
  );
}

function FindingRow({ it }: { it: Finding }) {
  return (
    <>
      <Mark tone={tones[it.state]}>{texts.health.states[it.state]}</Mark>
      <div>
        <p>
          <b>{it.check}</b> <span class="muted">{it.detail}</span>
        </p>
        {it.next && <p class="next">{it.next}</p>}
      </div>
    </>
  );
}

function sumOf({ findings }: DoctorView): string {
  const { health } = texts;
  const many = (state: Finding['state']) => findings.filter((it) => it.state === state).length;
  return health.sum(many('fault'), many('unknown')) || health.allWell;
}
