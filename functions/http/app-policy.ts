/** The calls of an app's policy: what holds for all of its campaigns. */

import { policyOf } from '../model/app-policy.ts';
import { appPolicySchema } from '../model/schemas/app-policy.ts';
import { putAppPolicy } from '../pipeline/app-policy.ts';
import type { Ports } from '../ports/ports.ts';
import { appNamed, appParams, MAY_LOOK, NO_APP, noApp } from './apps.ts';
import { callerOf } from './auth/authorize.ts';
import { type Call, call } from './core/call.ts';
import { type FieldsOf, json } from './core/json.ts';

export const appPolicyCalls = (ports: Ports): Call[] => [
  getPolicyCall(ports),
  putPolicyCall(ports),
];

const policyView = ({ receipts, caps, quiet, defaultZone, exempt }: ReturnType<typeof policyOf>) =>
  ({
    receipts: { enabled: receipts.enabled, delivered: receipts.delivered },
    caps: caps.map(({ max, per }) => ({ max, per })),
    quiet: quiet && { from: quiet.from, to: quiet.to },
    defaultZone,
    exempt,
  }) satisfies FieldsOf<typeof appPolicySchema>;
export type AppPolicyView = ReturnType<typeof policyView>;

const getPolicyCall = (ports: Ports) =>
  call({
    method: 'get',
    path: '/v1/apps/{app}/policy',
    operationId: 'getAppPolicy',
    summary: 'Look at the policy of an app',
    description: 'As it was put; the defaults, if it never was.',
    scopes: MAY_LOOK,
    takes: { params: appParams },
    responses: { 200: json('The policy.', appPolicySchema), 404: NO_APP },
    async handle({ params: { app } }, c) {
      const stored = await ports.store.getAppPolicy(app);
      if (!stored && !appNamed(ports, app)) return noApp(c, app);
      return c.json(policyView(policyOf(stored)));
    },
  });

const putPolicyCall = (ports: Ports) =>
  call({
    method: 'put',
    path: '/v1/apps/{app}/policy',
    operationId: 'putAppPolicy',
    summary: 'Replace the policy of an app',
    description:
      'What is left out gets its default. It holds in all instances after 30 seconds. A campaign keeps the ' +
      'receipts with which it was accepted. Its caps and quiet hours are those of the time at which its ' +
      'recipients are frozen: just before they are sent, also of a campaign that was accepted, or paused, long before.',
    scopes: ['campaigns'],
    takes: { params: appParams, body: appPolicySchema },
    responses: { 200: json('The policy as it is now.', appPolicySchema), 404: NO_APP },
    async handle({ params: { app }, body: policy }, c) {
      // the policy of a mistyped name would hold for nothing and look like success
      if (!appNamed(ports, app)) return noApp(c, app);
      await putAppPolicy(ports, { app, policy, by: callerOf(c) });
      return c.json(policyView(policy));
    },
  });
