import { forkService } from '../fork.ts';
import type { OidcKeys } from '../shared/oidc.ts';
import type { CloudTasks, CloudTasksOptions } from './simulator.ts';

/** The options that can be passed to another process. */
export interface ForkOptions extends Pick<CloudTasksOptions, 'port' | 'queues' | 'unkind'> {
  keys: OidcKeys;
}

/**
 * Starts the simulator in its own process, which ends with its parent. It signs with `keys`, so its
 * tokens and those of this process have the same certificate.
 */
export async function forkCloudTasks(options: ForkOptions & { cpu?: number }): Promise<CloudTasks> {
  const { hello, ask, close } = await forkService<Pick<CloudTasks, 'host'>>(
    new URL('./child.ts', import.meta.url),
    options,
    options.cpu,
  );
  return {
    host: hello.host,
    set: (settings) => ask('set', settings),
    stats: () => ask('stats'),
    close,
  };
}
