import { forkService } from '../fork.ts';
import type { OidcKeys } from '../shared/oidc.ts';
import type { CloudTasks, CloudTasksOptions } from './simulator.ts';

/** What can be sent to another process. */
export interface ForkOptions extends Pick<CloudTasksOptions, 'port' | 'queues' | 'unkind'> {
  keys: OidcKeys;
}

/**
 * The simulator in a process of its own; it ends with its parent. It signs with the key of
 * `oidc.keys`, so that its tokens and those of others are checked alike.
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
