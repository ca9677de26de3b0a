/** What is typed into the form of a trigger, and the request that it makes. */

import type { TriggerView } from '../../../http/triggers/view.ts';
import type { Fault } from '../../../lib/errors.ts';
import { texts } from '../../texts/texts.ts';

export const triggerPath = (name: string) => `/v1/triggers/${encodeURIComponent(name)}`;

/** Texts, as fields hold them. */
export interface TriggerDraft {
  name: string;
  app: string;
  kind: TriggerView['proof']['kind'];
  in: string;
  field: string;
  secret: string;
  audience: string;
  message: string;
  idPath: string;
}

/** 24 random bytes, in the form that Standard Webhooks asks for; other proofs take any text. */
const newSecret = () => {
  const bytes = crypto.getRandomValues(new Uint8Array(24));
  return `whsec_${btoa(String.fromCharCode(...bytes))}`;
};

const json = (it: unknown) => JSON.stringify(it, null, 2);

export function triggerDraft(it?: TriggerView): TriggerDraft {
  const isToken = it?.proof.kind === 'token';
  return {
    name: it?.name ?? '',
    app: it?.app ?? 'default',
    kind: it?.proof.kind ?? 'token',
    in: isToken ? it.proof.in! : 'header',
    field: isToken ? it.proof.name! : 'Authorization',
    // of one that exists, the secret is known to its service only
    secret: it ? '' : newSecret(),
    audience: json(it?.audience ?? { userIds: ['{{user.id}}'] }),
    message: json(
      it?.message ?? { title: 'Order {{order.number}}', body: '{{order.state|is on its way}}' },
    ),
    idPath: it?.idPath ?? '',
  };
}

/** The body of the request, or the faults of what is no JSON. */
export function triggerRequest(draft: TriggerDraft): { body: object } | { faults: Fault[] } {
  const { app, kind, secret, idPath } = draft;
  const faults: Fault[] = [];
  const parsed = (name: 'audience' | 'message') => {
    try {
      return JSON.parse(draft[name]) as unknown;
    } catch {
      faults.push({ path: name, message: texts.triggers.form.notJson });
      return null;
    }
  };
  const body = {
    app,
    proof: { kind, secret, ...(kind === 'token' && { in: draft.in, name: draft.field }) },
    audience: parsed('audience'),
    message: parsed('message'),
    ...(idPath !== '' && { idPath }),
  };
  return faults.length > 0 ? { faults } : { body };
}
