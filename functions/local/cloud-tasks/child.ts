/** The process of `forkCloudTasks`. */

import { startCloudTasks } from '../cloud-tasks.ts';
import { createOidc } from '../oidc.ts';
import { serveParent } from '../simulators/serve-parent.ts';
import type { ForkOptions } from './fork.ts';

await serveParent(
  async ({ keys, ...options }: ForkOptions) =>
    startCloudTasks({ ...options, oidc: await createOidc({ keys }) }),
  ({ host }) => ({ host }),
);
