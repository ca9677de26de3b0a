/**
 * Campaigns of one page, created and frozen in one transaction. Those that come together are written
 * together: waiting for the disk takes as long for one as for a hundred.
 */

import { BUCKETS } from '../pipeline/installation.ts';
import type { Store } from '../ports.ts';
import type { Database } from '../sqlite.ts';

type Created = Awaited<ReturnType<Store['createStarted']>>;

interface Waiting {
  args: Parameters<Store['createStarted']>;
  done: PromiseWithResolvers<Created>;
}

export function sqliteMessages(
  { durably }: Database,
  verbs: Pick<Store, 'createCampaign' | 'startCampaign' | 'freezePage'>,
) {
  let waiting: Waiting[] = [];

  /** All of it happens before the transaction ends: the verbs wait for nothing. */
  function create([campaign, idempotency, page, by]: Waiting['args']) {
    const { id } = campaign;
    return Promise.all([
      verbs.createCampaign(campaign, idempotency, page.dueAt, by),
      // of one that was not created there is nothing to start, and no page to freeze
      verbs.startCampaign(id, [{ from: 0, to: BUCKETS }], page.dueAt, page.now),
      verbs.freezePage(page),
    ]);
  }

  function write() {
    const together = waiting;
    waiting = [];
    try {
      const created = durably(() => together.map(({ args }) => create(args)));
      for (const [i, { done }] of together.entries())
        created[i]!.then(([it]) => done.resolve(it), done.reject);
    } catch (error) {
      for (const { done } of together) done.reject(error);
    }
  }

  return {
    createStarted(...args) {
      const done = Promise.withResolvers<Created>();
      if (waiting.push({ args, done }) === 1) setImmediate(write);
      return done.promise;
    },
  } satisfies Partial<Store>;
}
