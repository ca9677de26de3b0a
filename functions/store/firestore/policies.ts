/** What holds for all campaigns of an app. */

import type { AppPolicy } from '../../model/app-policy.ts';
import type { Store } from '../../ports/ports.ts';
import type { Client } from './client.ts';
import type { AppPolicyFields, Schema } from './schema.ts';

export const firestorePolicies = (client: Client, { appPolicy }: Schema) =>
  ({
    async getAppPolicy(app): Promise<Partial<AppPolicy> | null> {
      const [found] = await client.get([appPolicy(app)]);
      return found?.exists ? JSON.parse((found.data() as AppPolicyFields).record) : null;
    },

    async putAppPolicy(app, policy) {
      const record = JSON.stringify(policy);
      await client.write(async (writes) => {
        writes.set(appPolicy(app), { record } satisfies AppPolicyFields);
      });
    },
  }) satisfies Partial<Store>;
