/** A simulated service of Cloud Run: front end, check of callers, instances. */

import { openFront } from '../front.ts';
import { platformHeaders } from './headers.ts';
import { createInvokerCheck, type InvokerOptions } from './invoker.ts';
import { createScaled, type Scaled, type ScaleOptions } from './scale.ts';

export interface ServiceOptions extends ScaleOptions, Omit<InvokerOptions, 'audiences'> {
  /** its address on Google Cloud: `https://….run.app` */
  url: string;
  /** ms for a whole answer, then 504. The instance continues, but has no CPU once it has no request. */
  timeoutMs: number;
}

export interface Service extends Omit<Scaled, 'take' | 'stop'> {
  url: string;
  /** its address on this machine: http://127.0.0.1:port */
  at: string;
  close(): Promise<void>;
}

/** Listens on 127.0.0.1. Throws what `listen` throws. */
export async function openService(options: ServiceOptions): Promise<Service> {
  const { url, invokers, certs, timeoutMs } = options;
  const check = createInvokerCheck({ audiences: [url], invokers, certs });
  const { take, stop, ...scaled } = createScaled(options);
  const { host } = new URL(url);
  const front = await openFront({
    take,
    timeoutMs,
    async admit(request) {
      const checked = await check(request);
      if (checked.kind === 'refused') return checked;
      return { kind: 'admitted', headers: platformHeaders(request, checked.headers, host) };
    },
  });
  return {
    url,
    at: front.url,
    ...scaled,
    async close() {
      await front.close();
      await stop();
    },
  };
}
