/**
 * A function on Cloud Run: instances that start when requests wait for one, with a bound on each instance's
 * requests and on the number of instances, and the time that is billed for.
 * https://cloud.google.com/run/docs/about-instance-autoscaling
 */

import type { Chance } from '../../http2/chance.ts';
import type { ServiceSize } from './deployed.ts';
import { figures } from './figures.ts';
import type { VirtualTime } from './time.ts';

export interface Instance {
  /** Uses the vCPU, one after another. `ms`: of a whole core of the measured machine. */
  compute(ms: number): Promise<void>;
}

export interface Service<I extends Instance> {
  /** Runs `work` on an instance, after a wait for one that has room. */
  request(work: (instance: I) => Promise<void>): Promise<void>;
  /** instances that have been started */
  readonly started: number;
  /** Seconds in which instances started or had requests, until now. */
  billedSeconds(): number;
}

export interface ServiceOptions<I extends Instance> {
  time: VirtualTime;
  chance: Chance;
  size: ServiceSize;
  /** instances that are there at the beginning */
  warm: number;
  make: (instance: Instance) => I;
}

interface Running<I> {
  instance: I;
  isUp: boolean;
  requests: number;
  /** when it began to be billed for what it does now; null: it does nothing */
  busySince: number | null;
}

export function createService<I extends Instance>(options: ServiceOptions<I>): Service<I> {
  const { time, chance, size, make } = options;
  const all: Running<I>[] = [];
  const pending: (() => void)[] = [];
  let billed = 0;

  /** The least busy instance that is up and has room. */
  function free(): Running<I> | null {
    let least: Running<I> | null = null;
    for (const it of all)
      if (it.isUp && it.requests < (least?.requests ?? size.concurrency)) least = it;
    return least;
  }

  function add(isUp: boolean): Running<I> {
    const it = { instance: make(createInstance(time)), isUp, requests: 0, busySince: null };
    all.push(it);
    return it;
  }

  /** As many instances as the requests that wait would fill. */
  async function start() {
    const it = add(false);
    it.busySince = time.now();
    const { coldMs, coldSpread } = figures.cloudRun;
    const spread = (chance.upTo(2_001) / 1_000 - 1) * coldSpread;
    await time.sleep(coldMs * (1 + spread));
    it.isUp = true;
    rest(it);
    for (let room = size.concurrency; room > 0; room--) pending.shift()?.();
  }

  function rest(it: Running<I>) {
    if (it.requests > 0 || it.busySince === null) return;
    billed += time.now() - it.busySince;
    it.busySince = null;
  }

  /** Taken immediately, so that no other request takes the same place. */
  function take(it: Running<I>) {
    it.requests += 1;
    it.busySince ??= time.now();
    return it;
  }

  async function place(): Promise<Running<I>> {
    for (;;) {
      const found = free();
      if (found !== null) return take(found);
      const starting = all.filter(({ isUp }) => !isUp).length;
      if (all.length < size.instances && pending.length >= starting * size.concurrency)
        void start();
      await new Promise<void>((resolve) => pending.push(resolve));
    }
  }

  for (let i = 0; i < options.warm; i++) add(true);
  return {
    async request(work) {
      const it = await place();
      await work(it.instance);
      it.requests -= 1;
      rest(it);
      pending.shift()?.();
    },
    get started() {
      return all.length;
    },
    billedSeconds() {
      const open = all.flatMap(({ busySince }) => (busySince === null ? [] : [busySince]));
      return open.reduce((sum, since) => sum + time.now() - since, billed) / 1_000;
    },
  };
}

function createInstance(time: VirtualTime): Instance {
  let freeAt = 0;
  return {
    async compute(ms) {
      freeAt = Math.max(freeAt, time.now()) + ms / figures.cloudRun.vCpu;
      await time.sleep(freeAt - time.now());
    },
  };
}
