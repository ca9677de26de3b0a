/** The process of `forkCloudTasks`. */

import { createOidc } from '../shared/oidc.ts';
import { serveParent } from '../shared/serve-parent.ts';
import type { ForkOptions } from './fork.ts';
import { startCloudTasks } from './simulator.ts';

await serveParent(
  async ({ keys, ...options }: ForkOptions) =>
    startCloudTasks({ ...options, oidc: await createOidc({ keys }) }),
  ({ host }) => ({ host }),
);
