/** The policy of an app in the table of apps: what holds for its campaigns, and a form that changes it. */

import { useState } from 'preact/hooks';
import type { AppPolicyView } from '../../../../http/app-policy.ts';
import { useResource } from '../../../api/resource.ts';
import { percent } from '../../../format.ts';
import { Button } from '../../../parts/button.tsx';
import { announce } from '../../../parts/live-region.tsx';
import { Mark } from '../../../parts/mark.tsx';
import { ifMay, MAY_LOOK, whyNot } from '../../../session/session.ts';
import { texts } from '../../../texts/texts.ts';
import { PolicyForm } from './form.tsx';

const words = texts.policy;

export function Policy({ app }: { app: string }) {
  const path = `/v1/apps/${encodeURIComponent(app)}/policy`;
  const { value, problem, reload } = useResource<AppPolicyView>(ifMay(path, ...MAY_LOOK));
  const [isOpen, setOpen] = useState(false);
  if (problem.value) return <span class="muted">{problem.value.title}</span>;
  if (!value.value) return <span class="muted loading">{texts.shell.loading}…</span>;
  return (
    <>
      <Summary policy={value.value} />
      <Button kind="quiet" small whyNot={whyNot('campaigns')} onClick={() => setOpen(true)}>
        {words.change}
        <span class="unseen">{texts.health.of(app)}</span>
      </Button>
      {isOpen && (
        <PolicyForm
          app={app}
          path={path}
          policy={value.value}
          onClose={() => setOpen(false)}
          done={() => {
            setOpen(false);
            announce(words.changed);
            return reload();
          }}
        />
      )}
    </>
  );
}

function Summary({ policy }: { policy: AppPolicyView }) {
  const { receipts, caps, quiet, defaultZone, exempt } = policy;
  return (
    <>
      <Mark tone={receipts.enabled ? 'good' : 'none'}>
        {receipts.enabled ? words.receipts.on : words.receipts.off}
      </Mark>
      {receipts.enabled && (
        <p class="muted sub wide">{words.receipts.share(percent(receipts.delivered, 1))}</p>
      )}
      {caps.length > 0 && <p class="muted sub">{words.caps.most(caps)}</p>}
      <p class="muted sub">{quiet ? words.quiet.said(quiet.from, quiet.to) : words.quiet.none}</p>
      {(caps.length > 0 || quiet) && exempt.length > 0 && (
        <p class="muted sub wide">{words.exempt.but(exempt)}</p>
      )}
      <p class="muted sub">
        {words.quiet.zone}: <bdi>{defaultZone}</bdi>
      </p>
    </>
  );
}
