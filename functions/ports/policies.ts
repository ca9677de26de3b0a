/** Policies: what holds for all campaigns of an app. */

import type { AppPolicy } from '../model/app-policy.ts';

export interface Policies {
  /** Null if none was stored for the app. An older version may have stored fewer fields. */
  getAppPolicy(app: string): Promise<Partial<AppPolicy> | null>;
  /** Stores the policy of an app, in the place of an earlier one. */
  putAppPolicy(app: string, policy: AppPolicy): Promise<void>;
}
